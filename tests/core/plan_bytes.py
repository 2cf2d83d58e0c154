"""Writes the plan of `test_plan.full_snapshot` to standard output: run as a program of its own by test_plan.py."""

from __future__ import annotations

import sys

from ib_trading.core.plan import make_plan
from tests.core.test_plan import full_snapshot, full_strategies

if __name__ == "__main__":
    sys.stdout.buffer.write(make_plan(full_snapshot(), full_strategies()).to_json())
