"""The base of every strategy: what it is called, what it declares, and the one method that decides.

    class Equal(Strategy):
        \"\"\"Half in each, always.\"\"\"

        name = "equal"
        instruments = stocks("AAPL", "MSFT")

        def decide(self, view):
            return dict.fromkeys(self.instruments, 0.5)

A strategy does no I/O and reads no clock: everything it may use is in the view. It is made anew for each question; what
it wants to keep it returns as its memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self

import msgspec

from ib_trading.authoring.decision import Decision, Target
from ib_trading.authoring.view import StrategyView
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import Declaration, History
from ib_trading.schema.known_types import ready
from ib_trading.schema.strict import StrictError, parse


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of a strategy's parameters: fields with types, defaults, and bounds by `between`."""


def between(low: float, high: float) -> Any:
    """Bounds of a parameter, both included: `fast: Annotated[int, between(2, 50)] = 12`."""
    return msgspec.Meta(ge=low, le=high)


class ParametersRefused(ValueError):
    """The text names the parameter and the remedy."""


class NotReadable(ValueError):
    """A declaration that nobody can read; the text names the member."""


class Strategy:
    """`name`, a docstring for the page, and either `decide` or `weights`.

    `inputs` are read and never traded. `history` says which bars are needed of each instrument and input;
    `history_days = n` is short for `history = (History("1 day", n),)`.
    """

    name: ClassVar[str]
    Parameters: ClassVar[type[msgspec.Struct]] = Parameters
    instruments: tuple[ContractSpec, ...]
    inputs: tuple[ContractSpec, ...] = ()
    history: tuple[History, ...] = ()
    history_days: int = 0
    parameters: Any

    def __new__(cls, *_: object, **__: object) -> Self:
        if cls.decide is Strategy.decide and cls.weights is Strategy.weights:
            raise TypeError(f"{cls.__name__} decides nothing: write its method decide(self, view)")
        made = super().__new__(cls)
        made._take(cls.Parameters())
        return made

    def _take(self, parameters: msgspec.Struct) -> None:
        # Past a __setattr__ of its own: a strategy may well be a frozen dataclass.
        object.__setattr__(self, "parameters", parameters)

    def decide(self, view: StrategyView) -> Mapping[ContractSpec, Target] | Decision | Any:
        """What is wanted at `view.at`: a mapping of instruments to weights, Contracts or KEEP; KEEP for all; or a
        Decision, which has notes and a memory beside it. What is held and not mentioned is closed."""
        return self.weights(view)

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float | Decimal]:
        """The same in its simplest form: instrument → fraction of the strategy's capital."""
        raise NotImplementedError

    @classmethod
    def with_parameters(cls, given: Mapping[str, Any]) -> Self:
        """One made with these; ParametersRefused names the first that does not fit."""
        try:
            parameters = parse(dict(given), ready(cls.Parameters), coerce_text=True)
        except StrictError as error:
            raise ParametersRefused("; ".join(map(str, error.errors))) from None
        made = cls.__new__(cls)
        made._take(parameters)
        made.__init__()
        return made


def declaration_of(strategy: Strategy) -> Declaration:
    """What it declares; NotReadable where that is nothing."""
    histories = strategy.history
    if strategy.history_days:
        histories = (*histories, History(bars=strategy.history_days))
    for one in histories:
        if not isinstance(one, History) or one.bars < 0:
            raise NotReadable(f"its history has {one!r}; write History(bar_size, bars)")
    specs = {"instruments": strategy.instruments, "inputs": strategy.inputs}
    for member, named in specs.items():
        if not isinstance(named, tuple | list) or not all(isinstance(one, ContractSpec) for one in named):
            raise NotReadable(f"its {member} are {named!r}; write stocks(...) or a tuple of ContractSpec")
    doc = (type(strategy).__doc__ or "").strip()
    return Declaration(doc, tuple(strategy.instruments), tuple(strategy.inputs), tuple(histories))
