"""Processes that tests start from functions of their own. Decides where those find the tests' modules: a dependency's
package `tests` is installed beside the service, and the checkout stands last on sys.path (decision 54)."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def finding_the_tests() -> Generator[None]:
    """Around the start of a process by multiprocessing, which takes this process's sys.path along."""
    sys.path.insert(0, str(ROOT))
    try:
        yield
    finally:
        sys.path.remove(str(ROOT))
