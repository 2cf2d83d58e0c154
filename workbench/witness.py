"""A process that asks a strategy under observation: `python -m workbench.witness JOB TOLD`, two files of msgpack.

Decides what counts as reading something that is not in the view: a file that is neither code nor part of the Python
installation, but for those of the strategy's own package; a connection; a program. Python's audit hook tells of each.
What a library reads by itself, past Python, is not told: so all questions are asked once more where no file can be
opened any more.

All questions are asked in one process, the latest first: what a strategy keeps of them would be the future.
"""

from __future__ import annotations

import resource
import sys
import zoneinfo
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ib_trading.authoring.decision import answer_of
from ib_trading.authoring.strategy import Strategy
from ib_trading.authoring.view import StrategyView
from ib_trading.core.strategy import Answer, Failure, Instance, Question
from ib_trading.host.discovery import discover
from ib_trading.host.failures import told_as_failure
from ib_trading.schema.known_types import json_schemas, ready

EVENTS = {
    "open": "opens",
    "sqlite3.connect": "opens",
    "socket.connect": "connects to",
    "subprocess.Popen": "runs",
    "os.system": "runs",
    "os.posix_spawn": "runs",
    "os.exec": "runs",
}
CODE = {".py", ".pyc", ".so", ".pyd", ".pth"}
SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/")


class Job(msgspec.Struct, frozen=True):
    """`questions` are of one strategy, oldest first."""

    instance: Instance
    questions: tuple[Question, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """One of the two."""

    answer: Answer | None = None
    failure: Failure | None = None


class Told(msgspec.Struct, frozen=True):
    """`answers` to the questions in their order, `unopened` the same where no file can be opened. `read` is what it
    reads beside the view, in words. `parameters` is name → (type, default, bounds), as texts."""

    answers: tuple[Said, ...] = ()
    unopened: tuple[Said, ...] = ()
    read: tuple[str, ...] = ()
    parameters: dict[str, tuple[str, str, str]] = {}


class Watch:
    """Notes events while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.seen: dict[tuple[str, str], None] = {}
        sys.addaudithook(self._hear)

    @contextmanager
    def watching(self) -> Generator[None]:
        self.on = True
        try:
            yield
        finally:
            self.on = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in EVENTS and arguments:
            what = arguments[1] if event == "socket.connect" else arguments[0]
            # A number is a file that is open already.
            if not isinstance(what, int):
                self.seen[
                    event, what.decode("utf-8", "replace") if isinstance(what, bytes) else str(what)
                ] = None


def main() -> None:
    job_file, told_file = map(Path, sys.argv[1:3])
    job = msgspec.msgpack.decode(job_file.read_bytes(), type=ready(Job))
    told_file.write_bytes(msgspec.msgpack.encode(witnessed(job)))


def witnessed(job: Job) -> Told:
    """LookupError where nobody offers the strategy."""
    watch = Watch()
    of_source: dict[str, dict[tuple[str, str], None]] = {}

    def announce(source: str) -> None:
        watch.seen = of_source.setdefault(source, {})

    with watch.watching():
        found = discover((), announce)
    kind = found.kinds[job.instance.strategy]
    source = next(offer.source for offer in found.offers.offers if offer.strategy == job.instance.strategy)
    announce(source)

    def asked() -> tuple[Said, ...]:
        return tuple(reversed([_answer(kind, question) for question in reversed(job.questions)]))

    with watch.watching():
        answers = asked()
    package = _folder_of(kind)
    read = tuple(f"{EVENTS[event]} {what}" for event, what in watch.seen if _beside(event, what, package))
    return Told(answers, _without_files(asked), read, _parameters(kind))


def _answer(kind: type[Strategy], question: Question) -> Said:
    try:
        strategy = kind.with_parameters(question.instance.parameters)
        return Said(answer_of(strategy.decide(StrategyView(question, strategy.parameters))))
    except BaseException as error:  # noqa: BLE001  a strategy's code: whatever it raises is its answer here
        return Said(failure=told_as_failure(error))


def _without_files(ask: Callable[[], tuple[Said, ...]]) -> tuple[Said, ...]:
    """Everything that it imports lazily has been imported by now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        return ask()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _folder_of(kind: type[Strategy]) -> Path | None:
    """Of the strategy's package, or None for a module that lies among those of others; of ours, all strategies'."""
    file = sys.modules[kind.__module__].__file__
    if file is None:
        return None
    if kind.__module__.startswith("ib_trading.strategies."):
        return Path(file).parent
    package = sys.modules[kind.__module__.partition(".")[0]]
    return Path(package.__path__[0]) if hasattr(package, "__path__") else None


def _beside(event: str, what: str, package: Path | None) -> bool:
    """Whether it is something other than the view, code, or the installation."""
    if event not in {"open", "sqlite3.connect"}:
        return True
    path = Path(what).absolute()
    # What is installed is looked up in such folders, by the host.
    installed = any(part.endswith((".dist-info", ".egg-info")) for part in path.parts)
    if path.suffix in CODE or installed or what.startswith(SYSTEM):
        return False
    if package is not None and path.is_relative_to(package):
        return True
    installation = (sys.prefix, sys.base_prefix, *zoneinfo.TZPATH, *_libraries())
    return not any(path.is_relative_to(folder) for folder in installation)


def _libraries() -> list[str]:
    return [folder for folder in sys.path if folder.endswith("site-packages")]


def _parameters(kind: type[Strategy]) -> dict[str, tuple[str, str, str]]:
    told = {}
    defaults = kind.Parameters()
    [described] = json_schemas([kind.Parameters], "{name}").values()
    properties: dict[str, Any] = described["properties"]
    for name, schema in properties.items():
        choices = ", ".join(map(str, schema.get("enum", ())))
        bounds = " to ".join(str(schema[bound]) for bound in ("minimum", "maximum") if bound in schema)
        told[name] = str(schema.get("type", "choice")), str(getattr(defaults, name)), choices or bounds
    return told


if __name__ == "__main__":
    main()
