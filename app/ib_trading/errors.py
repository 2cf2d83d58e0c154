"""The error tree: each leaf has one HTTP status and says whether trying again can help.

    TradingError
    ├── RequestError            400  the request does not parse
    ├── UnknownIntent           404
    ├── NotKnown                404  no run or order has that name
    ├── KeyReused               422  an idempotency key with another body
    ├── RunInProgress           409  the same key is still running, or another run holds the lease   (transient)
    ├── PlanRefused             422  a strategy, a price or a limit forbids it; nothing was sent
    ├── TradingDisabled         423  the kill switch
    ├── InstrumentLocked        423  what is held of an instrument, or ordered, is in doubt
    ├── RunDeadline             504  the same key resumes the run, or does it anew if nothing was planned yet
    ├── BrokerFault             502  the broker contradicted itself or left a question unanswered
    │   └── ContractsUnknown    502  it gives no details of contracts that the ledger names
    ├── StaleFence              409  another holder has taken the lease: stop at once
    ├── GatewayNotReady         503  nothing was sent                                                (transient)
    ├── TooLargeForStore        422  more than a store takes at once; nothing of it was written
    ├── StoreUnavailable        503  a store that trading needs did not answer                       (transient)
    └── ConfigurationFault      503  the trading configuration cannot be used                        (transient)

As long as nothing is planned, a transient error, a RequestError, a RunDeadline or a BrokerFault withdraws the run's
claim and stores nothing; any other is the run's stored answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ib_trading.schema.strict import FieldError


class TradingError(Exception):
    """`detail` is one sentence with the remedy; it goes to the person who called, with `members` beside it."""

    status = 500
    title = "Internal error"
    transient = False
    retry_after: int | None = None

    @property
    def withdraws_claim(self) -> bool:
        """Whether the run's key may be used again as if nothing had been asked; else the error is its stored answer."""
        return self.transient

    def __init__(
        self, detail: str, *, errors: tuple[FieldError, ...] = (), members: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.members = members or {}


class RequestError(TradingError):
    status = 400
    title = "The request does not parse"

    @property
    def withdraws_claim(self) -> bool:
        """A mistake in a request, even one that only the broker could tell, is corrected under the same key."""
        return True


class UnknownIntent(TradingError):
    status = 404
    title = "Unknown intent"


class NotKnown(TradingError):
    status = 404
    title = "Not known"


class KeyReused(TradingError):
    status = 422
    title = "Idempotency key used again for another request"


class RunInProgress(TradingError):
    status = 409
    title = "A trading run is under way"
    transient = True
    retry_after = 30

    def __init__(self, detail: str, running: str | None = None) -> None:
        super().__init__(detail, members={"runId": running} if running else {})


class PlanRefused(TradingError):
    status = 422
    title = "Refused; nothing was sent"


class TradingDisabled(TradingError):
    status = 423
    title = "Trading is disabled; nothing was sent"


class InstrumentLocked(TradingError):
    status = 423
    title = "An instrument is locked for review; nothing was sent"


class RunDeadline(TradingError):
    status = 504
    title = "The run's deadline passed"

    @property
    def withdraws_claim(self) -> bool:
        """Before anything was planned the same key may try again, at a broker that is quicker then."""
        return True


class BrokerFault(TradingError):
    status = 502
    title = "The broker's answer cannot be relied on"

    @property
    def withdraws_claim(self) -> bool:
        """A question left open before anything was planned is asked anew under the same key."""
        return True


class ContractsUnknown(BrokerFault):
    """`con_ids` are those that the broker does not know any more: expired, or delisted."""

    def __init__(self, con_ids: Collection[int]) -> None:
        ids = ", ".join(map(str, con_ids))
        super().__init__(f"the broker gives no details of the contracts with the ids {ids}")
        self.con_ids = frozenset(con_ids)


class GatewayNotReady(TradingError):
    """`retry_after` None: waiting does not help, somebody must do something first."""

    status = 503
    title = "The gateway is not ready; nothing was sent"
    transient = True

    def __init__(self, detail: str, *, retry_after: int | None = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooLargeForStore(TradingError):
    status = 422
    title = "Larger than the store takes"


class StoreUnavailable(TradingError):
    status = 503
    title = "A store is not available; nothing was sent"
    transient = True
    retry_after = 60


class ConfigurationFault(TradingError):
    status = 503
    title = "The trading configuration cannot be used; nothing was sent"
    transient = True


class StaleFence(TradingError):
    """Another holder has taken the lease: this writer must stop at once."""

    status = 409
    title = "The trading lease was lost"
