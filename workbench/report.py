"""How the workbench speaks: what was declared, found and decided, in a terminal or in a log."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ib_trading.core.strategy import Declaration, Failure, Offer
from workbench.check import Checked
from workbench.show import Shown
from workbench.verdicts import Finding, Verdict, spelled

STYLES = {Finding.OK: "green", Finding.LOOK: "yellow", Finding.FAULT: "bold red"}


def say_shown(console: Console, shown: Shown) -> None:
    table = _table()
    _say_declared(table, shown.offer, shown.declaration)
    for name, (kind, default, bounds) in shown.parameters.items():
        table.add_row("parameter", Text(f"{name} = {default} ({', '.join(filter(None, (kind, bounds)))})"))
    console.print(table)


def say_checked(console: Console, checked: Checked) -> None:
    table, asked = _table(), checked.asked
    table.add_row("strategy", Text(f"{checked.offer.strategy}, from {checked.offer.source}"))
    for line in checked.instruments:
        table.add_row("instrument", Text(line))
    for line in checked.bars or ("none needed",):
        table.add_row("bars", Text(line))
    at = asked.questions[-1].at
    table.add_row("decision", Text(f"{at:%Y-%m-%d %H:%M} UTC: {spelled(asked.answers[-1])}"))
    for name, text in asked.answers[-1].notes.items():
        table.add_row("note", Text(f"{name}: {text}"))
    table.add_row(
        "asked",
        Text(
            f"on {len(asked.questions)} days since {asked.questions[0].at:%Y-%m-%d}, {asked.milliseconds:.0f} ms each"
        ),
    )
    console.print(table)
    console.print()
    for verdict in checked.verdicts:
        _say_verdict(console, verdict)


def say_failure(console: Console, sentence: str, failure: Failure | None) -> None:
    console.print(Text(sentence, style="bold red"))
    for title, text in (("traceback", failure.traceback), ("printed", failure.printed)) if failure else ():
        if text:
            console.print(Text(f"{title}:\n{text}"))


def _say_verdict(console: Console, verdict: Verdict) -> None:
    console.print(Text.assemble((f"{verdict.finding:<6}", STYLES[verdict.finding]), " ", verdict.asked))
    for line in verdict.lines:
        console.print(Text(f"       {line}"))


def _say_declared(table: Table, offer: Offer, declaration: Declaration) -> None:
    table.add_row("strategy", Text(f"{offer.strategy}, from {offer.source}"))
    table.add_row("says", Text(" ".join(declaration.described.split())))
    for title, specs in (("instruments", declaration.instruments), ("inputs", declaration.inputs)):
        if specs:
            table.add_row(title, Text("; ".join(map(str, specs))))
    for history in declaration.history:
        adjusted = "adjusted" if history.adjusted else "as traded"
        table.add_row("history", Text(f"{history.bars} bars of {history.bar_size}, {adjusted}"))


def _table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    return table
