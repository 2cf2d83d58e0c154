"""The same answers without a process of their own: for tests and measurements, whose strategies are their author's and
can be trusted. What would be stopped in the host is not stopped here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ib_trading.authoring.decision import answer_of
from ib_trading.authoring.strategy import Strategy, declaration_of
from ib_trading.authoring.view import StrategyView
from ib_trading.core.strategy import Answer, Declaration, Failure, Instance, Offer, Offers, Question
from ib_trading.host.discovery import discover
from ib_trading.host.failures import told_as_failure


@dataclass(frozen=True, slots=True)
class InProcess:
    """`kinds` is name → class, made anew for each question, or one that was made and is asked each time."""

    kinds: Mapping[str, type[Strategy] | Strategy]
    failures: Mapping[str, Failure] = field(default_factory=dict)

    @classmethod
    def discovered(cls) -> InProcess:
        """With what the host would find."""
        found = discover((), lambda _: None)
        return cls(found.kinds, found.offers.failures)

    def begin(self) -> None:
        """Nothing: what it has is there."""

    def offers(self) -> Offers:
        named = (Offer(name, "in process", kind.__doc__ or "") for name, kind in self.kinds.items())
        return Offers(tuple(named), self.failures)

    def known(self) -> Offers:
        return self.offers()

    def declaration(self, instance: Instance) -> Declaration | Failure:
        try:
            return declaration_of(self._made(instance))
        except Exception as error:  # noqa: BLE001  a stranger's code: whatever it raises is its failure, told and acted on
            return told_as_failure(error)

    def answer(self, question: Question, seconds: float, megabytes: int) -> Answer | Failure:
        del seconds, megabytes
        try:
            strategy = self._made(question.instance)
            return answer_of(strategy.decide(StrategyView(question, strategy.parameters)))
        except Exception as error:  # noqa: BLE001  as above
            return told_as_failure(error)

    def close(self) -> None:
        """Nothing was started."""

    def _made(self, instance: Instance) -> Strategy:
        kind = self.kinds[instance.strategy]
        return kind if isinstance(kind, Strategy) else kind.with_parameters(instance.parameters)
