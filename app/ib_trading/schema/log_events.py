"""The messages of log lines that somebody looks for: alerts for those that somebody is woken for, and whoever reads a
run's story next morning for the others (docs/logs.md has the members of each).

A name that only one of the two knew would be an alert that never comes.
"""

from __future__ import annotations

from enum import StrEnum

SCHEDULES_OK = "schedules_ok"
"""Every scheduled run that was due has succeeded. Its absence for two hours is the alarm."""

SCHEDULES_MISSING = "schedules_missing"
"""Some scheduled run that was due has not succeeded, be it refused, failed or never heard of: said at every check."""

NEEDS_REVIEW = "needs_review"
"""A run ended with something that no rule explains; a person must look before its instruments trade again."""

GATEWAY_NOT_READY = "gateway_not_ready"
"""A request needed the gateway and was answered 503."""

SECOND_FACTOR_NEEDED = "second_factor_needed"
"""The gateway waits for somebody's second factor."""


class RunEvent(StrEnum):
    """What happens to a run, one line each. Nobody is woken for one; who is to be woken for, stands above."""

    CLAIMED = "claimed"
    """The run has its key: it works, and whoever asks with the same key meanwhile waits."""
    REPLAYED = "replayed"
    """Nothing was done: the key had been used, and its answer was given again."""
    KEY_GIVEN_BACK = "key_given_back"
    """The run came to nothing; its key may be used again."""
    STEP = "step"
    """A phase of the call has ended, well or not."""
    TOPPED_UP = "topped_up"
    """History that the run is about to read was missing and asked for."""
    CALENDAR_CONTRADICTED = "calendar_contradicted"
    """The broker's contract details and the table of trading days do not agree on a day; the broker is believed."""
    EXECUTIONS_UNANSWERED = "executions_unanswered"
    """The broker did not tell the day's executions; a run that only closes goes on without them."""
    UNCERTAIN_TIME = "uncertain_time"
    """An execution's time names a zone that nobody knows for certain."""
    PLAN = "plan"
    """What was decided, and which limits refuse it."""
    STRATEGY_FAILED = "strategy_failed"
    """With its traceback, whether the run is refused for it or goes on without it."""
    STRATEGY_PRINTED = "strategy_printed"
    """What a strategy wrote to its standard output while it decided."""
    STRATEGY_NOT_IMPORTED = "strategy_not_imported"
    """A module or package that should offer strategies offers none, and why."""
    ORDER = "order"
    """An order has another state, and the journal has it."""
    FILL = "fill"
    """An execution is booked, or its correction."""
    FILL_TAKEN_BACK = "fill_taken_back"
    """The booking of an execution that was corrected is undone; its correction is a fill of its own."""
    COMMISSION = "commission"
    """One that was told after its execution was booked."""
    CROSS = "cross"
    """Shares have gone from one strategy to another, without an order."""
    REPAIR = "repair"
    """A person has accepted a difference to the broker."""
    RENAMED = "renamed"
    """The past of a strategy's former name is that of its new one."""
    RUN_ENDED = "run_ended"
    """The run has its answer, or nothing of it can change any more."""
    REFUSED = "refused"
    """Why the call got less than it asked for."""
    BUG = "bug"
    """Something that nobody foresaw, with its traceback."""
    REQUEST = "request"
    """The call has its answer; of one in lines, the first has left."""
