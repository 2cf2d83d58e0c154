"""Decides how a whole is divided in whole steps, so that the parts always add up to it.

`largest_remainder` divides once; `parts_of_progress` divides a whole that is completed bit by bit, such as an order
that fills in pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal


def largest_remainder(whole: Decimal, weights: Mapping[str, Decimal], step: Decimal) -> dict[str, Decimal]:
    """`whole` in proportion to the `weights`, which are all of one sign, each part a multiple of `step`, the sum exact.

    What rounding towards zero leaves over goes, a step each, to the largest remainders; ties by name. `whole` may be
    negative (a rebate among commissions); ValueError where it is not a multiple of `step`, since no parts of whole
    steps could add up to it.
    """
    if whole % step:
        raise ValueError(f"{whole} is not a multiple of {step}")
    size, sign = abs(whole), -1 if whole < 0 else 1
    total = sum(weights.values(), Decimal(0))
    exact = {name: size * weight / total for name, weight in weights.items()}
    parts = {name: (share / step).quantize(Decimal(1), ROUND_DOWN) * step for name, share in exact.items()}
    left = int((size - sum(parts.values(), Decimal(0))) / step)
    for name in sorted(weights, key=lambda name: (parts[name] - exact[name], name))[:left]:
        parts[name] += step
    return {name: sign * part for name, part in parts.items()}


def parts_of_progress(parts: Mapping[str, Decimal], done: Decimal, step: Decimal) -> dict[str, Decimal]:
    """How much of each of the positive `parts` is done when `done` of their sum is.

    A function of `done` alone that adds up to it, never falls for anyone as `done` grows, and gives everyone their
    whole part at the end. Dividing each `done` by largest remainder would not do: as the whole grows by a step a part
    can shrink by one (the Alabama paradox), and a fill would take shares back. Instead the strategies are halved, by
    name, and the steps with them, to the nearest step; each half again likewise. Nobody is a step or more away from
    the exact proportion while there are up to four parts, nor one and a half while there are up to eight.

    `parts` are multiples of `step`. Where `done` is not, the piece of a step goes to whom the step will belong.
    """
    counts = {name: int(part / step) for name, part in sorted(parts.items())}
    total = sum(counts.values())
    if not 0 <= done <= total * step:
        raise ValueError(f"{done} is not between nothing and the whole of {total * step}")
    names, steps_done = tuple(counts), int(done / step)
    given = _halved(names, counts, steps_done)
    result = {name: given.get(name, 0) * step for name in parts}
    if piece := done - steps_done * step:
        ahead = _halved(names, counts, steps_done + 1)
        result[next(name for name in names if ahead[name] > given[name])] += piece
    return result


def _halved(names: Sequence[str], counts: Mapping[str, int], done: int) -> dict[str, int]:
    """Steps for each of `names`, `done` together: half of the names get their part to the nearest step, the others
    the rest, and so on within each half. Both halves grow or stay with every step of `done`, hence everybody does."""
    if len(names) <= 1:
        return dict.fromkeys(names, done)
    middle = (len(names) + 1) // 2
    first, second = names[:middle], names[middle:]
    whole = sum(counts[name] for name in names)
    of_first = (2 * done * sum(counts[name] for name in first) + whole) // (2 * whole) if whole else 0
    return _halved(first, counts, of_first) | _halved(second, counts, done - of_first)
