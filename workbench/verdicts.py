"""What is found when a strategy is asked the same again, asked about the past, given more history, or given holes.

Decides what counts as the same answer and how a difference is told; all is a comparison of answers. Two decisions are
the same where little would be traded for their difference.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING

from ib_trading.core.strategy import Answer, Failure, Question, SeenBars, Wanted, Wish
from workbench.trial import Asked
from workbench.witness import Said, Told

if TYPE_CHECKING:
    Column = array[int] | array[float]

BAND = Decimal("0.005")
"""Of the capital: half a per cent. An average whose weights fade for ever moves a little with all that was before."""
NOTE_SHARE = 0.01
"""By how much of the largest that it ever was a note's figure may change with what lies before the history."""
TOLD = 3
"""Differences that are told one by one."""


class Finding(StrEnum):
    """From the best to the worst."""

    OK = "ok"
    LOOK = "look"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`asked` is what was looked at; `lines` what was found, and the remedy."""

    finding: Finding
    asked: str
    lines: tuple[str, ...] = ()


def same_twice(first: Asked, second: Sequence[Answer | Failure]) -> Verdict:
    """`second` are answers to the same questions by a host of its own."""
    asked = "the same answer twice"
    differing = [
        f"{question.at:%Y-%m-%d}: {spelled(answer)}, then {spelled(again)}"
        for question, answer, again in zip(first.questions, first.answers, second, strict=True)
        if answer != again
    ]
    if not differing:
        return Verdict(Finding.OK, asked)
    remedy = (
        "decide by the view alone: no clock, no chance but Random(view.seed), nothing kept outside the memory"
    )
    return Verdict(Finding.FAULT, asked, (*_some(differing), remedy))


def future_cut_off(first: Asked, told: Told) -> Verdict:
    """`first` answers each day in a process that knows no later one; `told` is by a process that knew them all."""
    asked = "the same answer with the future cut off"
    lines = [f"{what}: what stands there is not cut off at the day of the decision" for what in told.read]
    lines += _differing(
        first, told.answers, "{day}: {one} when asked that day, {other} by who was asked of later days before"
    )
    if not lines:
        lines += _differing(first, told.unopened, "{day}: {one}, but {other} where no file can be opened")
    if not lines:
        return Verdict(Finding.OK, asked)
    remedy = "use only what the view hands out, and keep nothing in modules, classes or files"
    return Verdict(Finding.FAULT, asked, (*_some(lines), remedy))


def _differing(first: Asked, others: Sequence[Said], text: str) -> list[str]:
    found = []
    for question, answer, said in zip(first.questions, first.answers, others, strict=True):
        other = said.answer if said.failure is None else said.failure
        if other is not None and answer != other:
            found.append(
                text.format(day=f"{question.at:%Y-%m-%d}", one=spelled(answer), other=spelled(other))
            )
    return found


def warmed_up(first: Asked, ask: Callable[[int], Sequence[Answer | Failure]]) -> Verdict:
    """`ask` tells the answers with so many times the bars that are declared; the longer ones are asked for only where
    the first differ."""
    asked = "the same answer with more history in front"
    if not any(bars.start for question in first.questions for bars in question.bars):
        return Verdict(Finding.OK, asked, ("it reads no bars",))
    twice = ask(2)
    differing = _moved(first.questions, first.answers, twice)
    if differing:
        return Verdict(Finding.FAULT, asked, (*_some(differing), _needed(first.questions, twice, ask)))
    notes = _moved_notes(first.answers, twice)
    if notes:
        return Verdict(
            Finding.LOOK,
            asked,
            (f"decisions are the same; with twice the bars {notes}: declare more of them",),
        )
    return Verdict(Finding.OK, asked)


def _needed(
    questions: Sequence[Question],
    twice: Sequence[Answer | Failure],
    ask: Callable[[int], Sequence[Answer | Failure]],
) -> str:
    shorter, times = twice, 2
    while times < 8:
        longer = ask(2 * times)
        if not _moved(questions, shorter, longer):
            return (
                f"with {times} times the bars that it declares nothing changes any more: declare as many, or read only"
                " the last ones that you need"
            )
        shorter, times = longer, 2 * times
    return f"it still changes with {times} times the bars: read only the last ones that you need"


def _moved(
    questions: Sequence[Question], answers: Sequence[Answer | Failure], others: Sequence[Answer | Failure]
) -> list[str]:
    return [
        f"{question.at:%Y-%m-%d}: {spelled(one)}, with more bars before them {spelled(other)}"
        for question, one, other in zip(questions, answers, others, strict=True)
        if not same_decision(one, other)
    ]


def _moved_notes(answers: Sequence[Answer], others: Sequence[Answer | Failure]) -> str:
    largest: dict[str, float] = {}
    apart: dict[str, float] = {}
    for one, other in zip(answers, others, strict=True):
        if isinstance(other, Failure):
            continue
        for name, text in one.notes.items():
            figure, changed = _number(text), _number(other.notes.get(name, ""))
            if figure is not None and changed is not None:
                largest[name] = max(largest.get(name, 0.0), abs(figure))
                apart[name] = max(apart.get(name, 0.0), abs(changed - figure))
    moved = [name for name, by in apart.items() if by > NOTE_SHARE * largest[name]]
    return ", ".join(f"the note {name} moves by {apart[name]:.3g}" for name in moved)


def with_holes(last: Question, answer: Answer, ask: Callable[[Question], Answer | Failure]) -> Verdict:
    """Told for the last day; only what ends or hangs its process is a fault, for the service asks nobody whose bars
    have holes."""
    found = [_with_hole(what, answer, ask(question)) for what, question in _holes(last)]
    worst = max((finding for finding, _ in found), key=list(Finding).index)
    return Verdict(worst, "gaps, NaN and a missing instrument", tuple(line for _, line in found))


def _with_hole(what: str, answer: Answer, given: Answer | Failure) -> tuple[Finding, str]:
    if isinstance(given, Failure):
        # What it raises has a traceback; without one its process ended, or its time was over.
        return (Finding.OK if given.traceback else Finding.FAULT), f"{what}: it {given.sentence}"
    if unreadable := _unreadable(given):
        return Finding.OK, f"{what}: {unreadable}, which the service refuses"
    if same_decision(answer, given):
        return Finding.OK, f"{what}: the same"
    return Finding.LOOK, f"{what}: {spelled(given)}"


def _holes(last: Question) -> Iterator[tuple[str, Question]]:
    """What is missing → the question without it. Of many instruments the first stands for all."""
    if last.bars:
        yield "a bar missing in the middle", _changed(last, lambda column: _without(column, len(column) // 2))
        yield "half of the bars", _changed(last, lambda column: column[len(column) // 2 :])
        yield "NaN as the newest close", replace(last, bars=tuple(map(_last_nan, last.bars)))
        yield "NaN as every volume", replace(last, bars=tuple(map(_no_volume, last.bars)))
    if last.forming:
        untold = (replace(one, bar=None, refused="the broker did not tell it") for one in last.forming)
        yield "no word of the bars that form", replace(last, forming=tuple(untold))
    symbol = last.instruments[0].local_symbol
    no_price = replace(last.instruments[0].price, value=None, refused="nobody quotes it")
    gone = replace(last.instruments[0], price=no_price, value=None if last.instruments[0].held else 0.0)
    bars = tuple(_cut(bars, lambda column: column[:0]) if bars.index == 0 else bars for bars in last.bars)
    yield (
        f"no bars and no price of {symbol}",
        replace(last, instruments=(gone, *last.instruments[1:]), bars=bars),
    )


def _changed(question: Question, change: Callable[[Column], Column]) -> Question:
    return replace(question, bars=tuple(_cut(bars, change) for bars in question.bars))


def _cut(bars: SeenBars, change: Callable[[Column], Column]) -> SeenBars:
    names = ("open", "high", "low", "close", "volume")
    figures = (change(array("d", getattr(bars, name))).tobytes() for name in names)
    return SeenBars(bars.index, bars.history, change(array("q", bars.start)).tobytes(), *figures)


def _without(column: Column, index: int) -> Column:
    return array(column.typecode, (figure for at, figure in enumerate(column) if at != index))


def _last_nan(bars: SeenBars) -> SeenBars:
    closes = array("d", bars.close)
    closes[-1:] = array("d", [math.nan] * len(closes[-1:]))
    return replace(bars, close=closes.tobytes())


def _no_volume(bars: SeenBars) -> SeenBars:
    return replace(bars, volume=array("d", [math.nan] * (len(bars.volume) // 8)).tobytes())


def same_decision(one: Answer | Failure, other: Answer | Failure) -> bool:
    if isinstance(one, Failure) or isinstance(other, Failure):
        return one == other
    if one.keeps_rest != other.keeps_rest:
        return False
    mine, theirs = _targets(one), _targets(other)
    if mine.keys() != theirs.keys():
        # What is not mentioned is closed, as with the weight 0.
        nothing = ("weight", Decimal(0))
        return not one.keeps_rest and all(
            _alike(mine.get(spec, nothing), theirs.get(spec, nothing)) for spec in {*mine, *theirs}
        )
    return all(_alike(mine[spec], theirs[spec]) for spec in mine)


def _targets(answer: Answer) -> dict[object, tuple[str, Decimal | None]]:
    return {one.spec: (one.wish.value, _decimal(one.figure)) for one in answer.wanted}


def _alike(one: tuple[str, Decimal | None], other: tuple[str, Decimal | None]) -> bool:
    (wish, figure), (their_wish, their_figure) = one, other
    if wish != their_wish or figure is None or their_figure is None:
        return one == other
    if not (figure.is_finite() and their_figure.is_finite()):
        return False
    return abs(figure - their_figure) <= (BAND if wish == Wish.WEIGHT else 0)


def _unreadable(answer: Answer) -> str:
    odd = [one for one in answer.wanted if one.wish is not Wish.KEEP and not _finite(one)]
    return ", ".join(f"{one.spec.symbol} {one.figure}" for one in odd)


def _finite(wanted: Wanted) -> bool:
    figure = _decimal(wanted.figure)
    return figure is not None and figure.is_finite()


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _number(text: str) -> float | None:
    try:
        figure = float(text.rstrip("%"))
    except ValueError:
        return None
    return figure if math.isfinite(figure) else None


def spelled(answer: Answer | Failure) -> str:
    """A decision in a line, as its author would read it."""
    if isinstance(answer, Failure):
        return answer.sentence
    parts = [_spelled(one) for one in answer.wanted if one.wish is Wish.KEEP or _decimal(one.figure) != 0]
    if answer.keeps_rest:
        parts.append("KEEP")
    return ", ".join(parts) or "nothing is held"


def _spelled(wanted: Wanted) -> str:
    match wanted.wish:
        case Wish.KEEP:
            return f"{wanted.spec.symbol} KEEP"
        case Wish.CONTRACTS:
            return f"{wanted.spec.symbol} {wanted.figure} contracts"
        case Wish.WEIGHT:
            figure = _decimal(wanted.figure)
            return f"{wanted.spec.symbol} {wanted.figure if figure is None else f'{figure:.4g}'}"


def _some(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - TOLD
    return (*lines[:TOLD], f"and {more} more") if more > 0 else tuple(lines)
