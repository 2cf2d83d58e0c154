"""Mutation testing itself: which changes are tried, how a trial ends, and what the score counts."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest

from tests.architecture.tree import CORE, modules, text_of
from tests.mutants.mutation import Mutant, mutants
from tests.mutants.report import Report, Tried
from tests.mutants.survivors import EQUIVALENT, equivalent
from tests.mutants.trial import Outcome

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mutation.md"


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("a <= b", {"a < b", "a > b"}),
        ("a == b", {"a != b"}),
        ("a is not None", {"a is None"}),
        ("a not in b", {"a in b"}),
        ("a and b or c", {"a or b or c", "a and b and c"}),
        ("(a) - (b)", {"(a) + (b)"}),
        ("not a", {"a"}),
        ("a = max(b, c)", {"a = min(b, c)"}),
        ("a = any(b)", {"a = all(b)"}),
        ("a = abs(b)", {"a = (b)"}),
        ("HOURS = 6", {"HOURS = 7"}),
        ("a = Decimal('0.05')", {"a = Decimal('1.05')"}),
        ("a = 'MKT'", {"a = 'MKTx'"}),
        ("a = Decimal('Infinity')", {"a = Decimal('Infinityx')"}),
        ("a = True", {"a = False"}),
        ("a if b else c", {"a if not (b) else c"}),
        ("[a for a in b if a.open]", {"[a for a in b if not (a.open)]"}),
        ("for a in b:\n    continue", {"for a in b:\n    break"}),
        ("a += b", {"a -= b"}),
        ("raise a", {"pass"}),
        ("Größe = '€' * a", {"Größe = '€' / a"}),
    ],
)
def test_a_rule_is_changed_as_a_tired_author_would(source: str, changes: set[str]) -> None:
    assert {mutant.of(source) for mutant in mutants("rule.py", source)} == changes


@pytest.mark.parametrize(
    "source",
    [
        '"""Larger of 1 and 2."""',
        "def price(of: Decimal | None = None) -> Decimal | None: ...",
        "@dataclass(frozen=True)\nclass A: ...",
        "why = 'lower the exposure, or deposit'",
        "why = f'{price} is no price'",
        "__all__ = ['judge']",
    ],
)
def test_what_decides_nothing_is_left_alone(source: str) -> None:
    assert mutants("rule.py", source) == ()


def test_a_change_is_told_with_its_line() -> None:
    [mutant] = mutants("rule.py", "first = a\nlargest = max(b)\n")
    assert (mutant.line, mutant.change) == (2, "max → min")
    assert mutant.line_of("first = a\nlargest = max(b)\n") == "largest = max(b)"


RULE = """
def least(prices: list[int]) -> int:
    found = prices[0]
    for price in prices:
        if price < found:
            found = price
    return found


def count(to: int) -> int:
    at = 0
    while at < to:
        at += 1
    return at
"""
TESTS = """
from rules import count, least


def test_the_least_is_found() -> None:
    assert least([2, 1, 3]) == 1


def test_it_counts() -> None:
    assert count(3) == 3
"""
TRY = """
import sys, time
from pathlib import Path
from tests.architecture.tree import CORE, modules, text_of
from tests.mutants.mutation import mutants
from tests.mutants.trial import begin

root = Path(sys.argv[1])
source = (root / "rules.py").read_text()
sys.path.insert(0, str(root))
for mutant in mutants("rules.py", source):
    trial = begin(root, mutant, source, [str(root / "test_rules.py")], 20.0)
    while (outcome := trial.ended()) is None:
        time.sleep(0.01)
    print(mutant.line, mutant.change, outcome.name, sep=": ")
"""


@pytest.mark.once
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_mutant_is_killed_survives_or_never_ends_and_no_file_changes(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text(RULE)
    (tmp_path / "test_rules.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    told = subprocess.run(
        [sys.executable, "-c", TRY, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert told.splitlines() == [
        "3: 0 → 1: SURVIVED",
        "5: < → <=: SURVIVED",
        "5: < → >=: KILLED",
        "11: 0 → 1: SURVIVED",
        "12: < → <=: KILLED",
        "12: < → >=: KILLED",
        "13: += → -=: TIMED_OUT",
        "13: 1 → 2: KILLED",
    ]
    assert (tmp_path / "rules.py").read_text() == RULE


def tried(line: str, outcome: Outcome, number: int = 1) -> Tried:
    return Tried(Mutant("app/ib_trading/core/cash.py", number, 0, 3, "max", "min"), line, outcome)


def test_the_score_counts_what_makes_a_difference() -> None:
    known = {("cash.py", "a = max(b, b)", "max → min"): "both are the same"}
    report = Report(
        [
            tried("a = max(b)", Outcome.KILLED, 1),
            tried("a = max(b, c)", Outcome.TIMED_OUT, 2),
            tried("a = max(b, b)", Outcome.SURVIVED, 3),
            tried("a = max(c, b)", Outcome.SURVIVED, 4),
        ],
        known,
        of=50,
        sample=4,
        seed=1,
    )
    assert report.score == pytest.approx(2 / 3)
    assert report.summary() == "66.7%: 2 of 3 mutants killed, 1 open; 1 more make no difference"
    assert report.lines() == [
        "app/ib_trading/core/cash.py:3: max → min: both are the same",
        "app/ib_trading/core/cash.py:4: max → min: open",
    ]
    page = report.page(date(2026, 11, 30))
    assert "| Score | **66.7%** |" in page
    assert "| `app/ib_trading/core/cash.py:4` | `a = max(c, b)` | `max → min` | open |" in page


def test_whatever_is_called_the_same_says_why() -> None:
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    assert len(equivalent()) == len(listed), "one of them is there twice"
    assert all(
        set(one) == {"file", "line", "change", "why"} and len(one["why"].split()) >= 4 for one in listed
    )


def test_the_page_shows_a_score_that_the_project_wants() -> None:
    """Nine of ten mistakes are noticed; each that is not is listed."""
    page = PAGE.read_text(encoding="utf-8")
    score = float(page.partition("| Score | **")[2].partition("%")[0])
    open_ = int(page.partition("| Survived, open | ")[2].partition(" ")[0])
    same = int(page.partition("| Survived, make no difference | ")[2].partition(" ")[0])
    rows = [line for line in page.partition("## Survivors")[2].splitlines() if line.startswith("| `")]
    assert score >= 90
    assert len(rows) == open_ + same
    assert sum(row.endswith("| open |") for row in rows) == open_


@pytest.mark.once
def test_what_is_judged_to_make_no_difference_can_still_be_changed() -> None:
    """A judgement of a line that is gone would be taken for one of a line that comes to read the same."""
    there = {
        (Path(path).name, mutant.line_of(text), mutant.change)
        for path in modules(CORE)
        for text in [text_of(path)]
        for mutant in mutants(path, text)
    }
    assert not set(equivalent()) - there
