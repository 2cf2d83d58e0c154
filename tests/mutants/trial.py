"""Runs tests in a copy of this process, on the project as it is or with one file changed, and says how that ended.

The copy is made by fork, once what takes long to import is there (pytest, hypothesis) and before anything of the
project is: so it imports the changed file as everybody would, nothing on the disk changes, and a trial costs about a
second.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType

import hypothesis
import pytest

from tests.mutants.mutation import Mutant

OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile", "mutants"),
    # hypothesis is here before pytest could rewrite its asserts.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
MEMORY_BYTES = 4 * 2**30
"""A change may make a loop endless, and what it collects with it."""
CPU_SECONDS = 300
"""Beyond every trial's own time: an endless loop ends by itself where nobody is left to end it."""


class Outcome(Enum):
    KILLED = "killed"
    TIMED_OUT = "killed by its time"
    SURVIVED = "survived"


class TrialError(Exception):
    """pytest could not run the tests."""


class _Changed(SourceFileLoader):
    """Loads a module from a text that is not in its file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._text = source

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds what PathFinder does, whatever it is called, and changes one file of it."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = str(path)
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        del target
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin != self._path:
            return None
        spec.loader = _Changed(fullname, self._path, self._source)
        return spec


@dataclass(frozen=True, slots=True)
class Trial:
    """A process at work until `deadline` (time.monotonic)."""

    process: int
    deadline: float

    def ended(self) -> Outcome | None:
        """None while it works; TrialError if its tests could not be run."""
        finished, status = os.waitpid(self.process, os.WNOHANG)
        if finished:
            return _meaning(os.waitstatus_to_exitcode(status))
        if time.monotonic() < self.deadline:
            return None
        os.killpg(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        return Outcome.TIMED_OUT


def _meaning(code: int) -> Outcome:
    if code == pytest.ExitCode.OK:
        return Outcome.SURVIVED
    # INTERRUPTED, USAGE_ERROR: a test's module, or conftest.py, cannot be imported any more. INTERNAL_ERROR: no memory
    # was left. Below zero: a crash.
    if code < 0 or code != pytest.ExitCode.NO_TESTS_COLLECTED:
        return Outcome.KILLED
    raise TrialError(f"pytest ended with {code}; run the tests without a mutant first")


def begin(root: Path, mutant: Mutant, source: str, tests: Sequence[str], seconds: float) -> Trial:
    """Runs `tests` on `source` with `mutant` in it, for `seconds` at most."""
    changed = mutant.of(source)

    def work() -> int:
        sys.meta_path.insert(0, _Finder(root / mutant.path, changed))
        code = pytest.main([*OPTIONS, *tests])
        if code == pytest.ExitCode.USAGE_ERROR:
            # A test may be called by what it tries, and that is another value now: then all of its file.
            code = pytest.main([*OPTIONS, *dict.fromkeys(test.partition("::")[0] for test in tests)])
        return code

    return Trial(in_a_copy(work), time.monotonic() + seconds)


def in_a_copy(work: Callable[[], int]) -> int:
    """The id of a process that does `work`, silently, and ends with the code that it gives."""
    process = os.fork()
    if process:
        return process
    code = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        # The same examples each time; a failure need not be made small to count.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "mutants", deadline=None, derandomize=True, database=None, phases=phases
        )
        code = int(work())
    finally:
        os._exit(code)
