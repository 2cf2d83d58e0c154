"""Every way in which the service says no, as one tree: what happened, in words for whoever called.

    Refusal
    ├── RequestError              the request does not parse, or asks for what cannot be
    │   └── PropertiesRefused     the broker does not take such an order
    ├── NotKnown                  no run or order has that name
    ├── KeyReused                 an idempotency key with another body
    ├── RunInProgress             the same key is still being worked on, or another run holds the lease
    ├── StaleFence                another holder has taken the lease: stop at once
    ├── PlanRefused               nothing may be planned, or what was planned may not be done; nothing was sent
    │   ├── AccountRefused        the login's accounts do not fit the mode, or leave open which one to trade
    │   ├── StrategyFailed        a strategy raised, did not answer, or answered what is no signal
    │   ├── PriceRefused          no price of an instrument may size anything now
    │   ├── RateMissing           no exchange rate, or none to be trusted
    │   ├── SizingRefused         a position cannot be sized
    │   ├── ConversionRefused     a balance cannot be converted
    │   ├── LimitsRefused         a limit forbids the plan
    │   └── RepairsRefused        a repair is accepted that is not proposed, or two that exclude each other
    ├── TradingDisabled           the kill switch
    ├── InstrumentLocked          what is held of an instrument, or ordered, is in doubt
    ├── InstrumentLeftOut         all was closed but what is in doubt, or whose exchange is closed
    ├── OrdersNotDone             an order was rejected, abandoned, or nobody knows
    ├── RunDeadline               the same key resumes the run, or does it anew if nothing was planned yet
    ├── BrokerFault               the broker contradicted itself or left a question unanswered
    │   ├── ContractsUnknown      it gives no details of contracts that the ledger names
    │   ├── QuestionRefused       it answered a question with an error
    │   └── Unanswered            it left a question open until its deadline
    ├── GatewayNotReady           nothing was sent
    ├── TooLargeForStore          more than a store takes at once; nothing of it was written
    ├── StoreUnavailable          a store that trading needs did not answer
    └── ConfigurationFault        the trading configuration cannot be used

Whoever raises one, it needs no translation: what it means for a run stands here, and how a caller is told, which number
it gets and how loud the log is about it, in web/problems.py alone. Some are values too: an answer that says what was
not done carries one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar

from ib_trading.core.strategy import Failure
from ib_trading.schema.strict import FieldError


class Refusal(Exception):
    """`detail` is one sentence with the remedy; it goes to the person who called, with `members` beside it, and
    `errors` where single members of the request are wrong. `retry_after`: seconds after which asking again may help;
    None where waiting does not, or nobody can say."""

    transient: ClassVar[bool] = False
    """Whether the same may be done later although nobody has changed what was asked."""
    withdraws_claim: ClassVar[bool] = False
    """Whether, as long as nothing was planned, the run's key may be used again as if nothing had been asked; else the
    refusal is the run's stored answer."""
    retry_after: int | None = None

    def __init__(
        self, detail: str, *, errors: tuple[FieldError, ...] = (), members: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.members = members or {}


def kinds(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    """`kind` and everything below it, as the tree is drawn."""
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


class RequestError(Refusal):
    """A mistake in a request, even one that only the broker could tell, is corrected under the same key."""

    withdraws_claim = True


class PropertiesRefused(RequestError):
    """What was asked of the orders does not go together, or not with a contract; `key` is what to change."""

    def __init__(self, key: str, reason: str) -> None:
        field = FieldError(f"orderProperties.{key}", reason)
        super().__init__(str(field), errors=(field,))
        self.key = key
        self.reason = reason


class NotKnown(Refusal):
    pass


class KeyReused(Refusal):
    pass


class RunInProgress(Refusal):
    """`running` is the id of the run that is under way, where it is known."""

    transient = withdraws_claim = True
    retry_after = 30

    def __init__(self, detail: str, running: str | None = None) -> None:
        super().__init__(detail, members={"runId": running} if running else {})


class StaleFence(Refusal):
    """This writer must stop at once."""


class PlanRefused(Refusal):
    pass


class AccountRefused(PlanRefused):
    pass


class StrategyFailed(PlanRefused):
    """The text names the strategy and what it did; `strategy` is its name, and `failure` what its own code did, where
    it was that."""

    def __init__(
        self,
        detail: str,
        *,
        strategy: str = "",
        failure: Failure | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail, members=members)
        self.strategy = strategy
        self.failure = failure


class PriceRefused(PlanRefused):
    pass


class RateMissing(PlanRefused):
    pass


class SizingRefused(PlanRefused):
    """There is no capital, or some instrument has no details, price or rate to be sized at; `reasons` has a sentence
    for each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class ConversionRefused(PlanRefused):
    """Some balance has no rate, no pair to be converted in, or no price; the text says each."""


class LimitsRefused(PlanRefused):
    pass


class RepairsRefused(PlanRefused):
    pass


class TradingDisabled(Refusal):
    pass


class InstrumentLocked(Refusal):
    pass


class InstrumentLeftOut(Refusal):
    pass


class OrdersNotDone(Refusal):
    pass


class RunDeadline(Refusal):
    """Before anything was planned the same key may try again, at a broker that is quicker then."""

    withdraws_claim = True


class BrokerFault(Refusal):
    """A question left open before anything was planned is asked anew under the same key."""

    withdraws_claim = True


class ContractsUnknown(BrokerFault):
    """`con_ids` are those that the broker does not know any more: expired, or delisted."""

    def __init__(self, con_ids: Collection[int]) -> None:
        ids = ", ".join(map(str, con_ids))
        super().__init__(f"the broker gives no details of the contracts with the ids {ids}")
        self.con_ids = frozenset(con_ids)


class QuestionRefused(BrokerFault):
    """`code` and `text` are the broker's own; whoever asked knows what they mean."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


class Unanswered(BrokerFault):
    """The connection itself still stands."""


class GatewayNotReady(Refusal):
    """`retry_after` None: somebody must do something first."""

    transient = withdraws_claim = True

    def __init__(self, detail: str, *, retry_after: int | None = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooLargeForStore(Refusal):
    pass


class StoreUnavailable(Refusal):
    transient = withdraws_claim = True
    retry_after = 60


class ConfigurationFault(Refusal):
    transient = withdraws_claim = True
