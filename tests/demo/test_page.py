"""The page stands alone, and its drawings are drawings."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest

from demo.account import sparkline, tell_account, tell_checks
from demo.charts import SIZES, Size, position_chart, scale, value_chart
from demo.checks import check
from demo.month import AccountAt
from demo.page import render_page
from demo.terminal import Terminal
from tests.demo.stories import RECORDED, a_story

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Nesting(HTMLParser):
    """Notes elements that are closed in another order than they were opened, and attributes that load something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [
            f"{tag} {name}={value}" for name, value in attrs if name in {"src", "href", "data", "srcset"}
        ]
        if tag in {"script", "link", "iframe", "object"}:
            self.loads.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def page() -> str:
    story = a_story()
    return render_page(story, check(story, RECORDED), {"start": 0.5})


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    """It is sent around by mail and opened where there is no network."""
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.loads == []
    assert not re.search(r"https?:|url\(|@import", page)


def test_every_element_of_the_page_is_closed_where_it_belongs(page: str) -> None:
    """Browsers forgive; readers of the source do not."""
    nesting = Nesting()
    nesting.feed(page)
    assert (nesting.wrong, nesting.open) == ([], [])


def test_a_symbol_with_markup_in_it_is_shown_and_not_obeyed(page: str) -> None:
    """Everything from an answer is escaped, in tables and drawings."""
    assert "&lt;&amp;&gt;" in page
    assert "<&>" not in page


def test_the_page_says_what_its_prices_are_and_what_is_made_up(page: str) -> None:
    """Adjusted closes are recorded, the way through the day is not."""
    text = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert "solely for testing and example purposes" in text
    assert "construction of the simulator that ends on the recorded close" in text


def test_a_failed_check_is_seen_on_the_page_and_in_the_terminal() -> None:
    """Not by colour alone."""
    story = a_story()
    checks = check(replace(story, repeated=story.first.run), RECORDED)
    stream = io.StringIO()
    tell_checks(checks, Terminal(stream))
    assert "9 of 10" in render_page(story, checks, {})
    assert "✗ not so: the same request with the same key" in stream.getvalue()


@pytest.mark.parametrize("draw", [value_chart, position_chart])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_a_chart_is_well_formed_and_within_its_frame(
    draw: Callable[[Sequence[AccountAt], Size], str], size: Size
) -> None:
    """Every rectangle and point lies in the view box, and each day says its figures in words."""
    story = a_story()
    accounts = (story.begin, *story.closes, story.second.account)
    svg = Xml.fromstring(draw(accounts, size))
    width, height = map(float, svg.attrib["viewBox"].split()[2:])
    shapes = list(svg.iter("rect"))
    assert shapes
    for shape in shapes:
        x, y, wide, high = (float(shape.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width and 0 <= y <= y + high <= height and wide > 0 and high >= 0
    titles = {title.text for title in svg.iter("title")}
    assert any("4 June, 11:00: " in (title or "") for title in titles)


def test_the_columns_of_a_day_add_up_to_the_account() -> None:
    """Stacked heights are to scale: positions and cash together reach the account's value."""
    story = a_story()
    accounts = (story.begin, *story.closes, story.second.account)
    svg = Xml.fromstring(position_chart(accounts, SIZES[0]))
    heights: dict[str, float] = {}
    for column in svg.iter("rect"):
        heights[column.attrib["x"]] = heights.get(column.attrib["x"], 0) + float(column.attrib["height"])
    drawn = [heights[x] for x in sorted(heights, key=float)]
    values = [float(account.net_liquidation) for account in accounts]
    for height, value in zip(drawn, values, strict=True):
        assert height / max(drawn) == pytest.approx(value / max(values), abs=0.01)


@pytest.mark.parametrize(("low", "high"), [(99_965, 106_357), (0, 105_614), (5, 5), (0.01, 0.02), (-3, 8)])
def test_a_scale_has_a_few_round_figures_and_takes_in_all_values(low: float, high: float) -> None:
    """Also where all values are the same."""
    bottom, top, ticks = scale(low, high)
    assert bottom <= low <= high <= top
    assert bottom < top
    assert 2 <= len(ticks) <= 9


def test_a_sparkline_has_one_bar_a_value_from_lowest_to_highest() -> None:
    """A flat month is a flat line."""
    assert sparkline([Decimal(10), Decimal(20), Decimal(30)]) == "▁▄█"
    assert sparkline([Decimal(10), Decimal(10)]) == "▁▁"


def test_without_a_terminal_the_account_is_plain_text() -> None:
    """No escape codes, no line that is written over, nothing wider than a hundred columns."""
    stream = io.StringIO()
    tell_account(a_story(), Terminal(stream))
    text = stream.getvalue()
    assert "\x1b" not in text and "\r" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "Who holds what" in text and "trend" in text


def test_on_a_terminal_progress_is_written_over_and_the_result_stays() -> None:
    """One line a phase, whatever happened meanwhile."""
    stream = io.StringIO()
    terminal = Terminal(stream, live=True)
    with terminal.phase("collect") as phase:
        phase.progress("1 of 20")
        phase.result = "done"
    shown = stream.getvalue().rsplit("\r\x1b[2K", 1)[1]
    assert shown.startswith("  collect") and "done" in shown and shown.endswith(" s\n")
    assert list(terminal.seconds) == ["collect"]
