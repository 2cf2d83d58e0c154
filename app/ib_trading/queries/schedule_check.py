"""schedule-check: did every scheduled run that was due succeed? Logs `schedules_ok`, or what is missing.

Reads the activity log, in which every call stands with the scheduler's own name for it, and starts no gateway: a mail
must go out when something did *not* happen, and that includes the broker. An alert watches for the absence of
`schedules_ok`, so that a scheduler that is dead altogether is noticed too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from ib_trading.core.closed_day import no_trading_day
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.refusals import ConfigurationFault, Refusal, StoreUnavailable
from ib_trading.intents.chosen_strategies import chosen_strategies
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.ports.activity_log import Activity
from ib_trading.schema.log_events import SCHEDULES_MISSING, SCHEDULES_OK
from ib_trading.schema.requests import ScheduleCheckRequest
from ib_trading.schema.schedules import Schedule
from ib_trading.schema.trading_config import TradingConfig

GRACE = timedelta(minutes=35)
"""What was due later than this ago may still be running: a job's attempt may take 30 minutes (its deadline)."""

EARLY = timedelta(minutes=5)
"""The scheduler's clock may be ahead of ours by less than this."""

log = structlog.stdlib.get_logger("app.schedules")


class NamesInstruments(Protocol):
    """What of a strategy is asked here."""

    @property
    def instruments(self) -> tuple[ContractSpec, ...]: ...


@dataclass(frozen=True, slots=True)
class MissingRun:
    """A run that was due and did not succeed. `outcome` is the last status that it got, None if it was never
    heard of; `detail` what the service said then."""

    job: str
    intent: str
    due: datetime
    outcome: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleCheckResult(Result):
    """What was due in (`after`, `until`]; `succeeded` + missing = `due`."""

    ok: bool
    after: datetime
    until: datetime
    due: int
    succeeded: int
    missing: tuple[MissingRun, ...]


@dataclass(frozen=True, slots=True)
class ScheduleCheck:
    services: Services
    name: str = "schedule-check"
    request_type: type[ScheduleCheckRequest] = ScheduleCheckRequest
    result_type: type[ScheduleCheckResult] = ScheduleCheckResult
    refusals: tuple[type[Refusal], ...] = (StoreUnavailable, ConfigurationFault)

    def answer(self, call: Call[ScheduleCheckRequest]) -> Answer:
        services = self.services
        config = services.config.read()
        now = services.clock.now()
        # Nothing is missed that was due before the service was first heard of.
        begun = services.activity.first_at() or now
        after, until = max(now - timedelta(hours=call.request.hours), begun), now - GRACE
        activities = services.activity.since(after - EARLY)

        declared = self._declared(config)

        def closed(schedule: Schedule, at: datetime) -> bool:
            return nothing_of_it_trades(schedule, at, declared, config.exposure.strategies)

        succeeded = services.responses.succeeded
        due, missing = judge(config.schedules, activities, services.name, after, until, succeeded, closed)
        facts = {"due": due, "missing": [f"{run.job} at {run.due:%Y-%m-%d %H:%MZ}" for run in missing]}
        if missing:
            log.error(SCHEDULES_MISSING, **facts)
        else:
            log.info(SCHEDULES_OK, **facts)
        return Answer.of(
            ScheduleCheckResult(
                **common(services, self.name, call.run_id),
                ok=not missing,
                after=after,
                until=until,
                due=due,
                succeeded=due - len(missing),
                missing=missing,
            )
        )

    def _declared(self, config: TradingConfig) -> Mapping[str, NamesInstruments]:
        """What can be known of them now; a run that cannot know it either is due all the same."""
        try:
            return chosen_strategies(self.services.strategies, None, config).declarations
        except ConfigurationFault:
            return {}


def nothing_of_it_trades(
    schedule: Schedule, at: datetime, strategies: Mapping[str, NamesInstruments], exposed: Iterable[str]
) -> bool:
    """Whether `at` lies in a day without a session of any market that the strategies of an allocation trade: those that
    its body names, or else the `exposed`. Only an allocation is of no use then."""
    if schedule.intent != "allocation":
        return False
    named = tuple((schedule.body or {}).get("strategies") or exposed)
    if not all(name in strategies for name in named):
        return False
    return no_trading_day((spec for name in named for spec in strategies[name].instruments), at)


def _never(schedule: Schedule, at: datetime) -> bool:  # noqa: ARG001 whatever they are
    return False


def judge(
    schedules: Iterable[Schedule],
    activities: Iterable[Activity],
    service: str,
    after: datetime,
    until: datetime,
    succeeded: Callable[[int], bool],
    closed: Callable[[Schedule, datetime], bool] = _never,
) -> tuple[int, tuple[MissingRun, ...]]:
    """How many runs were due in (after, until], and those of them that did not succeed, oldest first.

    `service` is our own name, which our jobs carry; `activities` come newest first. One success among the
    scheduler's attempts is a success; `succeeded` says of an outcome whether it is one, `closed` of a schedule whether
    that day is one on which nothing of it trades: nothing is due then.
    """
    heard: dict[tuple[str, datetime], Activity] = {}
    for activity in activities:
        key = _scheduled_for(activity)
        if key is not None and (
            key not in heard or (succeeded(activity.outcome) and not succeeded(heard[key].outcome))
        ):
            heard[key] = activity
    due, missing = 0, []
    for schedule in schedules:
        job = schedule.job(service)
        for at in schedule.due(after, until):
            if closed(schedule, at):
                continue
            due += 1
            activity = heard.get((job, at))
            if activity is None:
                missing.append(MissingRun(job, schedule.intent, at, None, "it was never heard of"))
            elif not succeeded(activity.outcome):
                detail = str(activity.facts.get("detail", ""))
                missing.append(MissingRun(job, schedule.intent, at, activity.outcome, detail))
    return due, tuple(sorted(missing, key=lambda run: (run.due, run.job)))


def _scheduled_for(activity: Activity) -> tuple[str, datetime] | None:
    """The job, and the minute that it was due; None for a call that no scheduler made."""
    job, due = activity.facts.get("job"), activity.facts.get("due")
    if not job or not due:
        return None
    try:
        at = datetime.fromisoformat(str(due))
    except ValueError:  # somebody else's header, not a scheduler's instant
        return None
    if at.tzinfo is None:
        return None
    return str(job), at.astimezone(UTC).replace(second=0, microsecond=0)
