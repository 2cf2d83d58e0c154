"""What `check` finds: planted faults, each by the verdict that is there for it, and nothing in a strategy without."""

from __future__ import annotations

import os
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from tests.workbench.planted import installed
from workbench.check import Checked, Wanted, checked
from workbench.recorded import NotRecorded
from workbench.trial import Failed, NotOffered
from workbench.verdicts import Finding

TWICE, FUTURE, WARM, HOLES = range(4)
GOOD = """
class Planted(Strategy):
    name, instruments, history_days = "planted", (SPY,), 20

    def weights(self, view):
        closes = view.bars(SPY).close[-20:]
        return {SPY: 1 if closes[-1] > closes.mean() else 0}
"""


def check(folder: Path, body: str, days: int = 12, **wanted: Any) -> Checked:
    return checked(Wanted("planted", {}, days, **wanted), installed(folder, body))


def findings(found: Checked) -> list[Finding]:
    return [verdict.finding for verdict in found.verdicts]


def assert_only(found: Checked, verdict: int) -> str:
    """Nothing but this verdict is a fault; what it says."""
    faults = [index for index, finding in enumerate(findings(found)) if finding is Finding.FAULT]
    assert faults == [verdict], found.verdicts
    assert not found.is_good
    return "\n".join(found.verdicts[verdict].lines)


@pytest.mark.parametrize(
    "name", ["dummy", "macd_hedge", "mean_reversion", "momentum", "sixty_forty", "trend"]
)
def test_ours_have_no_fault(name: str) -> None:
    found = checked(Wanted(name, {}, 10), os.environ)
    assert found.is_good, found.verdicts


def test_without_a_fault_none_is_found_and_bars_and_instruments_are_told(tmp_path: Path) -> None:
    found = check(tmp_path, GOOD)
    assert findings(found)[:HOLES] == [Finding.OK] * 3
    assert "SPDR S&P 500" in found.instruments[0] and "conId 756733" in found.instruments[0]
    assert found.bars == ("20 of 1 day needed; all there, since 2022-11-29",)
    assert len(found.asked.answers) == 12


def test_the_bar_that_forms_and_what_was_paid_are_there_and_are_no_look_ahead(tmp_path: Path) -> None:
    """At ten past three the day's close is not known, and the minutes of the record that are over are."""
    found = check(
        tmp_path,
        """
        class Planted(Strategy):
            name, instruments = "planted", (SPY,)
            history = (History("1 day", 20, forming=True), History("30 mins", 3, forming=True))

            def decide(self, view):
                day, now = view.forming(SPY), view.forming(SPY, "30 mins")
                holding = view.holding(SPY)
                if day.start <= view.bars(SPY).start[-1].item().replace(tzinfo=day.start.tzinfo):
                    raise ValueError("a day is complete and forms")
                if not (day.close == now.close and day.volume > now.volume and day.high >= now.high):
                    raise ValueError("two closes")
                if holding.quantity and not holding.average_price:
                    raise ValueError("nothing paid")
                notes = {"close": day.close, "paid": holding.average_price or 0, "profit": holding.profit or 0}
                return Decision({SPY: 1}, notes)
        """,
        at=time(15, 10),
    )
    assert findings(found)[:HOLES] == [Finding.OK] * 3
    *_, yesterday, last = found.asked.questions
    assert last.forming[0].bar is not None
    assert last.forming[0].bar.as_of == last.at
    notes = found.asked.answers[-1].notes
    assert float(notes["paid"]) > 0 < abs(float(notes["profit"]))
    assert any("no word of the bars that form" in line for line in found.verdicts[HOLES].lines)
    assert yesterday.forming != last.forming


def test_a_file_with_the_prices_of_tomorrow_is_found(tmp_path: Path) -> None:
    (tmp_path / "tomorrow.csv").write_text("2022-12-27,1\n")
    told = assert_only(
        check(
            tmp_path,
            """
            class Planted(Strategy):
                name, instruments = "planted", (SPY,)

                def weights(self, view):
                    known = Path(__file__).with_name("tomorrow.csv").read_text()
                    return {SPY: 1 if f"{view.at:%Y-%m-%d}" in known else 0}
            """,
        ),
        FUTURE,
    )
    assert str(tmp_path / "tomorrow.csv") in told


def test_a_file_that_is_read_on_being_imported_is_found(tmp_path: Path) -> None:
    (tmp_path / "tomorrow.csv").write_text("2022-12-27")
    told = assert_only(
        check(
            tmp_path,
            """
            KNOWN = Path(__file__).with_name("tomorrow.csv").read_text()

            class Planted(Strategy):
                name, instruments = "planted", (SPY,)

                def weights(self, view):
                    return {SPY: 1 if f"{view.at:%Y-%m-%d}" in KNOWN else 0}
            """,
        ),
        FUTURE,
    )
    assert "tomorrow.csv" in told


def test_a_file_that_is_read_past_python_is_found(tmp_path: Path) -> None:
    """By a library that opens it itself."""
    (tmp_path / "tomorrow.csv").write_text("x")
    told = assert_only(
        check(
            tmp_path,
            f"""
            import ctypes

            class Planted(Strategy):
                name, instruments = "planted", (SPY,)

                def weights(self, view):
                    handle = ctypes.CDLL(None).open({str(tmp_path / "tomorrow.csv").encode()!r}, 0)
                    return {{SPY: 1 if handle > 0 else 0}}
            """,
        ),
        FUTURE,
    )
    assert "where no file can be opened" in told


def test_what_is_kept_of_later_days_is_found(tmp_path: Path) -> None:
    told = assert_only(
        check(
            tmp_path,
            """
            SEEN = []

            class Planted(Strategy):
                name, instruments, history_days = "planted", (SPY,), 2

                def weights(self, view):
                    SEEN.append(view.bars(SPY).close[-1])
                    return {SPY: 1 if max(SEEN) > SEEN[-1] else 0.5}
            """,
        ),
        FUTURE,
    )
    assert "by who was asked of later days before" in told


def test_a_connection_is_found(tmp_path: Path) -> None:
    told = assert_only(
        check(
            tmp_path,
            """
            import socket

            class Planted(Strategy):
                name, instruments = "planted", (SPY,)

                def weights(self, view):
                    with socket.socket() as end:
                        end.connect_ex(("127.0.0.1", 9))
                    return {SPY: 1}
            """,
            days=2,
        ),
        FUTURE,
    )
    assert "connects to" in told


def test_bars_that_are_too_few_for_an_average_are_found_with_how_many_it_needs(tmp_path: Path) -> None:
    told = assert_only(
        check(
            tmp_path,
            """
            class Planted(Strategy):
                name, instruments, history_days = "planted", (SPY,), 60

                def weights(self, view):
                    average = 0.0
                    for close in view.bars(SPY).close:
                        average = average * 0.97 + close * 0.03
                    return {SPY: average / 1000}
            """,
        ),
        WARM,
    )
    assert "with 4 times the bars that it declares nothing changes any more" in told


def test_chance_of_its_own_is_found(tmp_path: Path) -> None:
    found = check(
        tmp_path,
        """
        class Planted(Strategy):
            name, instruments = "planted", (SPY,)

            def weights(self, view):
                return {SPY: random.random()}
        """,
    )
    assert found.verdicts[TWICE].finding is Finding.FAULT


def test_the_chance_of_numpy_that_each_forked_process_inherits_is_found(tmp_path: Path) -> None:
    found = check(
        tmp_path,
        """
        import numpy

        class Planted(Strategy):
            name, instruments = "planted", (SPY,)

            def weights(self, view):
                return {SPY: numpy.random.random()}
        """,
    )
    assert found.verdicts[TWICE].finding is Finding.FAULT


def test_what_it_does_with_holes_is_told(tmp_path: Path) -> None:
    found = check(
        tmp_path,
        """
        class Planted(Strategy):
            name, instruments, history_days = "planted", (SPY,), 20

            def weights(self, view):
                bars = view.bars(SPY)
                return {SPY: 0 if len(bars) < 20 else bars.close[-1] / 1000 + view.price(SPY).value / 1e6}
        """,
    )
    told = found.verdicts[HOLES]
    assert told.finding is Finding.LOOK
    assert "a bar missing in the middle: nothing is held" in told.lines
    assert "NaN as the newest close: SPY nan, which the service refuses" in told.lines
    assert "NaN as every volume: the same" in told.lines


def test_a_hole_that_ends_its_process_is_a_fault(tmp_path: Path) -> None:
    told = assert_only(
        check(
            tmp_path,
            """
            import os

            class Planted(Strategy):
                name, instruments, history_days = "planted", (SPY,), 2

                def weights(self, view):
                    return {SPY: 1} if len(view.bars(SPY)) else os._exit(3)
            """,
            days=2,
        ),
        HOLES,
    )
    assert "exit status 3" in told


def test_one_that_raises_is_told_with_its_day_and_traceback(tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        check(tmp_path, GOOD.replace("closes.mean()", "closes[100]"))
    assert "planted.py" in failed.value.failure.traceback
    assert f"{failed.value.at:%Y}" == "2022"


def test_a_module_that_does_not_import_is_told_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(NotOffered, match="no_such_library") as told:
        check(tmp_path, "import no_such_library\n" + GOOD)
    assert told.value.failure is not None
    assert "planted.py" in told.value.failure.traceback


def test_a_name_that_nobody_offers_gets_the_nearest() -> None:
    with pytest.raises(NotOffered, match="did you mean 'trend'"):
        checked(Wanted("tred", {}), os.environ)


def test_an_instrument_of_which_nothing_is_recorded_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="did you mean 'AAPL'"):
        check(tmp_path, GOOD.replace("(SPY,)", "stocks('APPL')"))
