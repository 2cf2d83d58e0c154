"""docs/what-gateways-say.md: each kind has a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_kind_has_a_rule_and_a_test_that_is_there() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in (ROOT / "docs/what-gateways-say.md").read_text().splitlines()
        if line.startswith("| ") and "---" not in line
    ][1:]
    assert rows
    for row in rows:
        assert len(row) == 4, row
        tests = re.findall(r"`(tests/[^`]+\.py)`", row[3])
        assert tests, row
        assert all((ROOT / test).is_file() for test in tests), row
