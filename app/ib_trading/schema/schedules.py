"""Decides what a schedule may say: which intent is called when, in which time zone, with which body.

The deployment makes one Cloud Scheduler job of each, the service asks afterwards whether each was heard of; both read
schedules here, so a mistake is the same sentence in both places and a job's name is the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from ib_trading.schema.cron import CronError, parse_cron
from ib_trading.schema.good_after_time import GoodAfterTimeError, check_form
from ib_trading.schema.intents import INTENTS, IntentName
from ib_trading.schema.requests import AllocationRequest, CloseAllRequest
from ib_trading.schema.strict import FieldError, StrictError, nearest, parse

NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")


class Schedule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """`cron` in `time_zone`'s local time. `body` is what the call says, None for all defaults; `name` tells apart
    several schedules of one intent, "" stands for the intent's own name."""

    intent: str
    cron: str
    time_zone: str
    body: dict[str, Any] | None = None
    name: Annotated[str, msgspec.Meta(max_length=40)] = ""

    @property
    def title(self) -> str:
        return self.name or self.intent

    def job(self, service: str) -> str:
        """The Cloud Scheduler job's name. `service` is the Cloud Run service that it calls, whose name carries the
        stack's: the jobs of two stacks differ even within one project. Two hyphens, which no stack's name has, part
        them: with one, `two-summary` of stack `paper` would be `summary` of stack `paper-two`."""
        return f"{service}--{self.title}"

    def due(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The instants in (after, until] at which it is due, ascending, in UTC."""
        return parse_cron(self.cron).due(after, until, ZoneInfo(self.time_zone))


def schedule_errors(schedules: tuple[Schedule, ...]) -> list[FieldError]:
    """Everything that is wrong with them, each with its remedy."""
    problems: list[FieldError] = []
    titles = [schedule.title for schedule in schedules]
    for index, schedule in enumerate(schedules):
        path = f"schedules[{index}]"
        problems += _errors_of(schedule, path)
        if schedule.title in titles[:index]:
            remedy = "give each its own name"
            problems.append(
                FieldError(f"{path}.name", f"two schedules are called {schedule.title!r}; {remedy}")
            )
    return problems


def _errors_of(schedule: Schedule, path: str) -> Iterator[FieldError]:
    known = {intent.name: intent for intent in INTENTS}
    intent = known.get(schedule.intent)
    if intent is None:
        remedy = nearest(schedule.intent, tuple(known))
        yield FieldError(f"{path}.intent", f"unknown intent {schedule.intent!r}; {remedy}")
    elif schedule.body is not None:
        yield from _errors_of_body(schedule.body, intent, f"{path}.body")
    if schedule.name and not NAME.fullmatch(schedule.name):
        remedy = "write small letters, digits and hyphens, a letter first"
        yield FieldError(f"{path}.name", f"{schedule.name!r} cannot name a job; {remedy}")
    zone = _zone(schedule.time_zone)
    if zone is None:
        remedy = nearest(schedule.time_zone, tuple(sorted(available_timezones())))
        if not remedy.startswith("did you mean"):
            remedy = "write one of the IANA database, e.g. America/New_York"
        yield FieldError(f"{path}.timeZone", f"unknown time zone {schedule.time_zone!r}; {remedy}")
    try:
        cron = parse_cron(schedule.cron)
    except CronError as error:
        yield FieldError(f"{path}.cron", str(error))
        return
    if not cron.ever():
        yield FieldError(f"{path}.cron", f"{schedule.cron!r} is never due; there is no such day")


def _errors_of_body(body: dict[str, Any], intent: IntentName, path: str) -> Iterator[FieldError]:
    """What the service would answer with 400 each time that the schedule is due."""
    if intent.body is None:
        yield FieldError(path, f"{intent.name} takes no body; leave it out")
        return
    try:
        request = parse(body, intent.body)
    except StrictError as refused:
        for error in refused.errors:
            yield FieldError(f"{path}.{error.path}" if error.path else path, error.message)
        return
    if isinstance(request, AllocationRequest | CloseAllRequest):
        start = request.order_properties.good_after_time
        try:
            if start is not None:
                check_form(start)
        except GoodAfterTimeError as error:
            yield FieldError(f"{path}.orderProperties.goodAfterTime", str(error))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
