"""Writes the plan of `test_plan.full_snapshot` to standard output: run as a program of its own by test_plan.py."""

from __future__ import annotations

import sys

from tests.core.builders import planned
from tests.core.test_plan import full_snapshot, full_strategies

if __name__ == "__main__":
    sys.stdout.buffer.write(planned(full_snapshot(), full_strategies()).to_json())
