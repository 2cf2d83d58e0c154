"""Decides how what went wrong in a strategy's code is told: one sentence, and the lines that are its author's."""

from __future__ import annotations

import traceback
from types import TracebackType

from ib_trading.authoring.decision import AnswerRefused
from ib_trading.authoring.strategy import NotReadable, ParametersRefused
from ib_trading.core.strategy import Failure

SENTENCE, TEXT = 500, 8_000
"""Characters of a sentence, and of a traceback or what was printed."""


def told_as_failure(error: BaseException) -> Failure:
    """What an author reads: an answer or parameters that nobody can read say so themselves."""
    if isinstance(error, AnswerRefused):
        return Failure(_sentence(str(error)))
    if isinstance(error, NotReadable):
        return Failure(_sentence(f"declares what nobody can read: {error}"))
    if isinstance(error, ParametersRefused):
        return Failure(_sentence(f"has parameters that do not fit: {error}"))
    return failure_of(error)


def failure_of(error: BaseException, lead: str = "raised") -> Failure:
    """`lead` is what the exception's own name and text follow."""
    said = _said(error)
    name = type(error).__name__
    return Failure(_sentence(f"{lead} {name}{': ' + said if said else ''}"), traceback=told(error))


def told(error: BaseException) -> str:
    """The traceback without the lines of the host around it. Of a long one both ends: where it was, and why."""
    text = _plain("".join(traceback.format_exception(error.with_traceback(_of_author(error)))))
    return text if len(text) <= TEXT else f"{text[: TEXT // 2]}\n[…]\n{text[-TEXT // 2 :]}"


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  a stranger's exception that cannot say itself; its name does
        return ""


def _sentence(text: str) -> str:
    line = " ".join(_plain(text).split())
    return line if len(line) <= SENTENCE else f"{line[: SENTENCE - 1]}…"


def _plain(text: str) -> str:
    """What can be written down: a lone half of a pair (surrogate) cannot."""
    return text.encode("utf-8", "backslashreplace").decode()


def _of_author(error: BaseException) -> TracebackType | None:
    trace = error.__traceback__
    while trace is not None and "/ib_trading/host/" in trace.tb_frame.f_code.co_filename.replace("\\", "/"):
        trace = trace.tb_next
    return trace or error.__traceback__
