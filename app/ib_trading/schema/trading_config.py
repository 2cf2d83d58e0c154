"""The trading configuration: what a stack file says about exposures, limits and orders, with every default.

The same section, `ib-trading:trading`, is read by Pulumi on deployment and by the service when it runs locally;
both call `read_trading_config`, so that a mistake is the same sentence in both places. Keys are camelCase, figures
with a fraction are quoted strings. A default lives here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from ib_trading.schema.exposure import Exposure, StrategyInstance, exposure_errors, with_instances
from ib_trading.schema.known_types import ready
from ib_trading.schema.requests import AdaptivePriority
from ib_trading.schema.schedules import Schedule, schedule_errors
from ib_trading.schema.strict import FieldError, StrictError, parse

SECTION = "ib-trading:trading"

Seconds = Annotated[int, msgspec.Meta(ge=0)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of every section: strict, camelCase."""


class Limits(_Section, frozen=True):
    """What a plan must stay within before anything is sent. Leverage and weights are fractions of net liquidation."""

    max_orders_per_run: Annotated[int, msgspec.Meta(ge=1)] = 100
    max_notional_per_order: Decimal | None = None
    """In base currency; None: no limit of its own beyond weight and leverage."""
    max_gross_leverage: Decimal = Decimal("1.1")
    max_net_leverage: Decimal = Decimal("1.1")
    max_weight_per_instrument: Decimal = Decimal("0.25")
    allowed_instruments: tuple[str, ...] = ()
    """Local symbols; empty: whatever the strategies name."""
    max_price_move_percent: Decimal = Decimal(20)
    """A sizing price further than this from the last stored close is refused as a wrong price."""
    max_daily_loss_percent: Decimal | None = None
    """Of the previous close's equity: once more is lost, only reducing orders pass. None: no such limit."""


class TradingConfig(_Section, frozen=True):
    """Everything the trading rules may be told."""

    exposure: Exposure
    limits: Limits = Limits()
    account: str | None = None
    """Required as soon as the login manages several accounts."""
    adaptive_priority: AdaptivePriority | None = "Normal"
    """None: plain market orders, no algo."""
    on_strategy_error: Literal["refuse", "isolate"] = "refuse"
    max_spread_percent: Decimal = Decimal(1)
    price_max_age_seconds: Seconds = 60
    min_trade_percent: Decimal = Decimal("0.05")
    """No-trade band: a change smaller than this part of a strategy's capital is not worth its cost. Not applied to
    closing a position."""
    max_commission_percent: Decimal | None = Decimal("0.25")
    """A change whose expected commission is a larger part of its worth is not traded, if a larger order would cost less
    a contract. Not applied to opening or closing a position, nor to what a strategy wants by number. None: no such
    rule."""
    max_bar_jump_percent: Decimal = Decimal(80)
    """A bar whose close is further than this from the close before is reported and not stored."""
    history_max_age_days: Annotated[int, msgspec.Meta(ge=1)] = 3
    """Trading days of the instrument's own market. A strategy that reads history fails if more of them are over since
    a newest stored close."""
    strategy_seconds: Annotated[int, msgspec.Meta(ge=1, le=90)] = 20
    """How long one strategy may take to decide before it is stopped. Under the two minutes for which a run holds the
    trading lease without renewing it."""
    strategy_megabytes: Annotated[int, msgspec.Meta(ge=64)] = 1024
    """How much memory one strategy may use while it decides."""
    collect_seconds: Annotated[int, msgspec.Meta(ge=0, le=60)] = 30
    """How long a run may collect what its strategies need and the warehouse lacks; 0 leaves that to
    collect-market-data. Under what the run's lease lasts between two renewals."""
    retry_check_minutes: Seconds = 10
    """For how long the same request without a key counts as a repetition."""
    order_spacing_milliseconds: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    orders_in_flight: Annotated[int, msgspec.Meta(ge=1, le=45)] = 40
    acknowledge_seconds: Seconds = 10
    """How long the broker may take to acknowledge an order before it is asked what became of it."""
    what_if: bool = False
    """Ask the broker about every order's margin before anything is sent; no answer refuses the run."""
    cash_balance_threshold_in_base_currency: Decimal = Decimal(1000)
    """A foreign balance worth no more than this is left as it is."""
    cash_conversion_exchange: str | None = None
    """Where cash is converted if a pair is not taken on FXCONV, such as IDEALPRO. None: it is refused."""
    fill_seconds: Seconds = 60
    """How long a run waits for its working orders before it reports them as working."""
    run_deadline_seconds: Annotated[int, msgspec.Meta(ge=1, le=1740)] = 1500
    """When a run stops sending and waiting, and leaves the rest to the next call with its key. Under the 30 minutes
    that service and scheduler allow."""
    gateway_start_seconds: Annotated[int, msgspec.Meta(ge=1, le=1500)] = 300
    """How long a request waits for a gateway that the service starts: that takes a minute or two, a second factor as
    long as somebody needs."""
    schedules: tuple[Schedule, ...] = ()
    """What Cloud Scheduler calls, and schedule-check expects to have been called."""


ready(TradingConfig)


class TradingConfigError(ValueError):
    """The trading configuration is unusable; the text names file, key and remedy."""


def read_trading_config(raw: object, source: str) -> TradingConfig:
    """The validated configuration from `raw`, the value of `ib-trading:trading` in the file named `source`."""
    try:
        config = parse(with_instances(raw), TradingConfig, coerce_text=True)
    except StrictError as error:
        raise TradingConfigError(_sentences(source, error.errors)) from None
    problems = tuple(_contradictions(config))
    if problems:
        raise TradingConfigError(_sentences(source, problems))
    return config


def instances(config: TradingConfig) -> Mapping[str, StrategyInstance]:
    """Name → strategy at work, each with the name of its class."""
    return {
        name: msgspec.structs.replace(one, strategy=one.strategy or name)
        for name, one in config.exposure.strategies.items()
    }


def _contradictions(config: TradingConfig) -> list[FieldError]:
    """What the types cannot say."""
    problems = [*exposure_errors(config.exposure), *schedule_errors(config.schedules)]
    problems += _schedules_of_former_names(config)
    for path, value in (
        ("limits.maxNotionalPerOrder", config.limits.max_notional_per_order),
        ("limits.maxGrossLeverage", config.limits.max_gross_leverage),
        ("limits.maxNetLeverage", config.limits.max_net_leverage),
        ("limits.maxWeightPerInstrument", config.limits.max_weight_per_instrument),
        ("limits.maxPriceMovePercent", config.limits.max_price_move_percent),
        ("limits.maxDailyLossPercent", config.limits.max_daily_loss_percent),
        ("maxSpreadPercent", config.max_spread_percent),
        ("maxCommissionPercent", config.max_commission_percent),
        ("maxBarJumpPercent", config.max_bar_jump_percent),
    ):
        if value is not None and not (value.is_finite() and value > 0):
            problems.append(FieldError(path, f"{value} lets nothing through; set a figure above 0"))
    return problems + _out_of_range(config)


def _schedules_of_former_names(config: TradingConfig) -> list[FieldError]:
    """A call that goes on asking for a strategy by the name that it had would be refused each time."""
    now = {old: name for name, one in config.exposure.strategies.items() for old in one.renamed_from}
    return [
        FieldError(f"schedules[{index}].body.strategies[{place}]", f"{asked} is called {now[asked]} now")
        for index, schedule in enumerate(config.schedules)
        for place, asked in enumerate(_strategies_asked(schedule))
        if asked in now
    ]


def _strategies_asked(schedule: Schedule) -> list[str]:
    asked = (schedule.body or {}).get("strategies")
    return [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else []


def _out_of_range(config: TradingConfig) -> list[FieldError]:
    """Figures that are none where 0 is a figure like any other."""
    problems = []
    threshold = config.cash_balance_threshold_in_base_currency
    if not (threshold.is_finite() and threshold >= 0):
        problems.append(
            FieldError(
                "cashBalanceThresholdInBaseCurrency", f"{threshold} is no amount of money; set 0 or above"
            )
        )
    if not (config.min_trade_percent.is_finite() and 0 <= config.min_trade_percent < 100):
        problems.append(
            FieldError("minTradePercent", f"{config.min_trade_percent} is not a percentage from 0 to 100")
        )
    return problems


def _sentences(source: str, errors: tuple[FieldError, ...]) -> str:
    def full_path(path: str) -> str:
        return f"{SECTION}.{path}" if path else SECTION

    return "; ".join(f"{source}: {full_path(error.path)}: {error.message}" for error in errors)
