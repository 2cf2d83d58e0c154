"""Decides how what went wrong in a strategy's code is told: one sentence, and the lines that are its author's."""

from __future__ import annotations

import traceback
from types import TracebackType

from ib_trading.authoring.decision import AnswerRefused
from ib_trading.authoring.strategy import NotReadable, ParametersRefused
from ib_trading.core.strategy import Failure

TEXT = 8_000
"""Characters of a traceback, and of what was printed: the last ones, where the reason stands."""


def told_as_failure(error: BaseException) -> Failure:
    """What an author reads: an answer or parameters that nobody can read say so themselves."""
    if isinstance(error, AnswerRefused):
        return Failure(str(error))
    if isinstance(error, NotReadable):
        return Failure(f"declares what nobody can read: {error}")
    if isinstance(error, ParametersRefused):
        return Failure(f"has parameters that do not fit: {error}")
    return failure_of(error)


def failure_of(error: BaseException, lead: str = "raised") -> Failure:
    """`lead` is what the exception's own name and text follow."""
    said = str(error)
    name = type(error).__name__
    return Failure(f"{lead} {name}{': ' + said if said else ''}", traceback=told(error))


def told(error: BaseException) -> str:
    """The traceback without the lines of the host around it."""
    lines = traceback.format_exception(error.with_traceback(_of_author(error)))
    return "".join(lines)[-TEXT:]


def _of_author(error: BaseException) -> TracebackType | None:
    trace = error.__traceback__
    while trace is not None and "/ib_trading/host/" in trace.tb_frame.f_code.co_filename.replace("\\", "/"):
        trace = trace.tb_next
    return trace or error.__traceback__
