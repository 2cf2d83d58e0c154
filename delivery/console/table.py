"""A table in a terminal's width. Decides what gives way: whole columns, the last ones first, and names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

GAP = "  "
SHORTER = {"localSymbol": "symbol", "averagePrice": "average", "orderRef": "order"}


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """`columns` are the rows' keys, the most important first; a column without any value is left out. Numbers are set
    right. Lines end with what did not fit."""
    used = [name for name in columns if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    cells = {name: [spelled(row.get(name)) for row in rows] for name in used}
    widths = {name: max(len(words(name)), *map(len, cells[name])) for name in used}
    fitting = list(used)
    while len(fitting) > 1 and _total(fitting, widths) > width:
        fitting.pop()
    right = {name for name in fitting if all(is_number(row.get(name)) for row in rows)}

    def line(texts: Mapping[str, str]) -> str:
        padded = (
            texts[name].rjust(widths[name]) if name in right else texts[name].ljust(widths[name])
            for name in fitting
        )
        return (GAP + GAP.join(padded)).rstrip()

    lines = [line({name: words(name) for name in fitting})]
    lines += [line({name: cells[name][number] for name in fitting}) for number in range(len(rows))]
    left_out = [words(name) for name in used if name not in fitting]
    if left_out:
        lines.append(f"{GAP}(too wide: {', '.join(left_out)}; --json has all)")
    return lines


def spelled(value: object) -> str:
    """One value as a cell shows it; a figure keeps its digits."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | Decimal():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{key} {spelled(each)}" for key, each in value.items())
        case list():
            return ", ".join(map(spelled, value))
    return str(value)


def is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool))


def words(name: str) -> str:
    """A key of the API in words: netLiquidation is net liquidation; a symbol or a broker's own name stays."""
    if not name[:1].islower():
        return name
    if name in SHORTER:
        return SHORTER[name]
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def _total(names: Sequence[str], widths: Mapping[str, int]) -> int:
    return sum(len(GAP) + widths[name] for name in names)
