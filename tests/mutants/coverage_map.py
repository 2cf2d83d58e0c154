"""Which tests execute which line of core, and how long each takes: a mutant is tried on those that can notice it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from coverage import Coverage

from tests.mutants.trial import OPTIONS, TrialError, in_a_copy


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """`seconds` of each test; `executed`: path → line → the tests that execute it, "" for what an import does."""

    seconds: Mapping[str, float]
    executed: Mapping[str, Mapping[int, frozenset[str]]]

    def tests_of(self, path: str, line: int) -> tuple[str, ...]:
        """Those that can notice a change there, the quickest first; of what an import does (a figure's definition, a
        default), those that execute anything of the file, and then all others."""
        lines = self.executed.get(path, {})
        on_line = lines.get(line, frozenset())
        if "" not in on_line:
            return self._by_time(on_line)
        near = {test for tests in lines.values() for test in tests} - {""}
        return (*self._by_time(near), *self._by_time(set(self.seconds) - near))

    def _by_time(self, tests: Sequence[str] | set[str] | frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(tests, key=lambda test: (self.seconds[test], test)))


class _Recorder:
    """A pytest plugin: each test is a context of the measurement."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self.seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None]:
        self._coverage.switch_context(item.nodeid)
        yield
        self._coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


def measured(root: Path, measured_folder: Path, folders: Sequence[str]) -> CoverageMap:
    """The tests of `folders`, run once on the project as it is. TrialError if they do not pass."""
    with TemporaryDirectory(prefix="mutants-") as place:
        told = Path(place) / "map.json"

        def work() -> int:
            coverage = Coverage(data_file=None, source=[str(measured_folder)], config_file=False)
            recorder = _Recorder(coverage)
            coverage.start()
            code = pytest.main([*OPTIONS, *folders], plugins=[recorder])
            coverage.stop()
            told.write_text(json.dumps({"seconds": recorder.seconds, "executed": _lines(root, coverage)}))
            return int(code)

        status = os.waitstatus_to_exitcode(os.waitpid(in_a_copy(work), 0)[1])
        if status:
            raise TrialError(f"the tests fail without a mutant (pytest ended with {status})")
        written = json.loads(told.read_text())
    executed = {
        path: {int(line): frozenset(tests) for line, tests in lines.items()}
        for path, lines in written["executed"].items()
    }
    return CoverageMap(written["seconds"], executed)


def _lines(root: Path, coverage: Coverage) -> dict[str, dict[int, list[str]]]:
    data = coverage.get_data()
    return {
        Path(path).relative_to(root).as_posix(): data.contexts_by_lineno(path)
        for path in data.measured_files()
    }
