"""What a strategy's code does to its process, it does to itself: through the real host, with a package's strategies."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.core.strategy import HOST, Answer, Failure, Instance, Question
from ib_trading.schema.log_events import RunEvent
from tests.captured import named, said

NOON = datetime(2024, 6, 3, 16, tzinfo=UTC)
SECONDS, MEGABYTES = 3.0, 512
BY_KILL = "ended its process instead of answering, by SIGKILL"
NOT_WRITTEN = "'utf-8' codec can't encode character '\\udc80' in position 0: surrogates not allowed"

# name → what `decide` does.
DEEDS: Mapping[str, str] = {
    "calm": "return {}",
    "exits": "sys.exit('no signal today')",
    "ends": "os._exit(0)",
    "ends_with_three": "os._exit(3)",
    "segfaults": "ctypes.string_at(0)",
    "aborts": "os.abort()",
    "loops": "\n        while True: pass",
    "sleeps": "time.sleep(3600)",
    "hoards": "return {1: bytearray(4 << 30)}",
    "interrupts": "raise KeyboardInterrupt",
    "recurses": "return self.decide(view)",
    "answers_megabytes": "return Decision({}, memory='x' * (8 << 20))",
    "chatters": "print('I think, therefore I am'); return {}",
    "floods": "print('x' * 50_000_000); return {}",
    "closes_everything": "os.closerange(0, 256); return {}",
    "threads": "threading.Thread(target=time.sleep, args=(3600,)).start(); return {}",
    "forks": "os.fork() or time.sleep(3600); return {}",
    "kills_its_parent": "os.kill(os.getppid(), 9); time.sleep(3600)",
    "leaves_the_session": "os.fork() or (os.setsid(), time.sleep(3600)); return {}",
    "becomes_two": "os.fork(); return {}",
    "becomes_two_and_one_exits": "os.fork() or sys.exit(3); return {}",
    "closes_its_output": "sys.stdout.close(); sys.stderr.close(); return {}",
    "kills_its_group": "os.kill(0, 9)",
    "dies_talking": "print('so far', 1); ctypes.string_at(0)",
    "raises_megabytes": "raise ValueError('x' * (8 << 20))",
    "raises_lines": "raise ValueError('one\\n  two')",
    "raises_what_cannot_be_written": "raise ValueError('\\udc80')",
    "raises_what_cannot_be_said": "raise Unsaid",
    "notes_what_cannot_be_written": "return Decision({}, notes={'mood': '\\udc80'})",
    "wants_megabytes": "return {ContractSpec('S' * 50 + str(i)): 0 for i in range(20_000)}",
    "writes_to_the_module": "Calm.name = 'other'; sys.modules['ib_trading'] = None; return {}",
}
WRITES_EVERYWHERE = """
import os
for number in range(3, 64):
    try:
        os.write(number, b"x" * 99)
    except OSError:
        pass
"""
STARTS = {"starts": "Starts"}
HEAD = """
import ctypes, os, sys, threading, time
from ib_trading.strategies import ContractSpec, Decision, Strategy

class Unsaid(Exception):
    def __str__(self):
        raise self
"""
KIND = """
class {kind}(Strategy):
    name = "{name}"
    instruments = ()

    def decide(self, view):
        {deed}
"""


def ended(process: int) -> bool:
    """Gone, or a zombie that nobody has buried yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        return True


def kind_of(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def package(site: Path, name: str, source: str, points: Mapping[str, str]) -> None:
    """As an installer leaves it; `points` is strategy → class."""
    info = site / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")
    offered = "".join(f"{strategy} = {name}:{kind}\n" for strategy, kind in points.items())
    (info / "entry_points.txt").write_text(f"[ib_trading.strategies]\n{offered}")


def host_over(site: Path, *, import_seconds: float = 60) -> StrategyHost:
    return StrategyHost(Path(sys.executable), {"PYTHONPATH": str(site)}, import_seconds=import_seconds)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Generator[StrategyHost]:
    site = tmp_path_factory.mktemp("site")
    kinds = [KIND.format(kind=kind_of(name), name=name, deed=deed) for name, deed in DEEDS.items()]
    package(site, "deeds", HEAD + "".join(kinds), {name: kind_of(name) for name in DEEDS})
    started = host_over(site)
    yield started
    started.close()


def ask(host: StrategyHost, name: str) -> Answer | Failure:
    return host.answer(Question(Instance(name, name), NOON, 1, "USD", Decimal(1), ()), SECONDS, MEGABYTES)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("exits", "raised SystemExit: no signal today"),
        ("ends", "ended its process with exit status 0 instead of answering"),
        ("ends_with_three", "ended its process with exit status 3 instead of answering"),
        ("segfaults", "ended its process by SIGSEGV (strategyMegabytes is 512)"),
        ("aborts", "ended its process by SIGABRT (strategyMegabytes is 512)"),
        ("loops", "took longer than strategySeconds (3) and was stopped"),
        ("sleeps", "took longer than strategySeconds (3) and was stopped"),
        ("kills_its_group", f"{BY_KILL}: out of memory? (strategyMegabytes is 512)"),
        ("dies_talking", "ended its process by SIGSEGV (strategyMegabytes is 512)"),
        ("hoards", "raised MemoryError (strategyMegabytes is 512)"),
        ("interrupts", "raised KeyboardInterrupt"),
        ("recurses", "raised RecursionError: maximum recursion depth exceeded"),
        ("answers_megabytes", "gave a memory of 8,388,610 bytes; 65,536 are kept"),
        ("wants_megabytes", "answered with more than 1,048,576 bytes"),
        ("raises_megabytes", f"raised ValueError: {'x' * 460}…"),
        ("raises_lines", "raised ValueError: one two"),
        ("raises_what_cannot_be_written", "raised ValueError: \\udc80"),
        ("raises_what_cannot_be_said", "raised Unsaid"),
        ("notes_what_cannot_be_written", f"raised UnicodeEncodeError: {NOT_WRITTEN}"),
        ("closes_everything", "ended its process with exit status 0 instead of answering"),
    ],
)
def test_what_it_does_is_its_own_failure_and_the_next_one_answers(
    host: StrategyHost, name: str, sentence: str
) -> None:
    told = ask(host, name)
    assert isinstance(told, Failure)
    assert told.sentence == sentence
    assert isinstance(ask(host, "calm"), Answer)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("exits", "sys.exit('no signal today')"),
        ("hoards", "bytearray(4 << 30)"),
        # The line is not lost in what was said.
        ("raises_megabytes", "raise ValueError('x' * (8 << 20))"),
        ("recurses", "return self.decide(view)"),
    ],
)
def test_an_exception_is_told_with_the_line_of_its_author(host: StrategyHost, name: str, line: str) -> None:
    told = ask(host, name)
    assert isinstance(told, Failure)
    assert "deeds.py" in told.traceback
    assert line in told.traceback
    assert "/host/" not in told.traceback
    assert len(told.traceback) < 10_000


def test_what_was_printed_before_the_end_is_told(host: StrategyHost) -> None:
    told = ask(host, "dies_talking")
    assert isinstance(told, Failure)
    assert told.printed == "so far 1\n"


def test_what_a_strategy_prints_is_told_in_the_log_and_a_flood_by_its_end(host: StrategyHost) -> None:
    with said() as lines:
        ask(host, "chatters")
        ask(host, "floods")
        ask(host, "calm")
    few, many = (line["printed"] for line in named(lines, RunEvent.STRATEGY_PRINTED))
    assert few == "I think, therefore I am\n"
    assert many == "x" * 7_999 + "\n"


@pytest.mark.parametrize(
    "name",
    [
        "chatters",
        "floods",
        "threads",
        "forks",
        "leaves_the_session",
        "becomes_two",
        "becomes_two_and_one_exits",
        "closes_its_output",
        "writes_to_the_module",
    ],
)
def test_what_harms_nobody_is_an_answer(host: StrategyHost, name: str) -> None:
    assert isinstance(ask(host, name), Answer)
    assert isinstance(ask(host, "calm"), Answer)


def test_one_that_kills_the_host_has_failed_and_the_next_one_has_another(host: StrategyHost) -> None:
    assert isinstance(ask(host, "kills_its_parent"), Failure)
    assert isinstance(ask(host, "calm"), Answer)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the process group is all that is ended")
@pytest.mark.parametrize(
    "then",
    [
        "time.sleep(3600)",
        "(os.setsid(), time.sleep(3600))",
        "(os.setsid(), os.fork(), os.setsid(), time.sleep(3600))",
        'os.execlp("sleep", "sleep", "3600")',
    ],
)
def test_nothing_that_a_strategy_started_is_left(tmp_path: Path, then: str) -> None:
    """With the answer it is gone, and not only once the service ends."""
    deed = f"""
        if not os.fork():
            open({str(tmp_path)!r} + f"/left-{{os.getpid()}}", "w")
            os.register_at_fork(after_in_child=lambda: open({str(tmp_path)!r} + f"/left-{{os.getpid()}}", "w"))
            {then}
        time.sleep(0.5)
        return {{}}"""
    package(tmp_path, "starters", HEAD + KIND.format(kind="Starts", name="starts", deed=deed), STARTS)
    host = host_over(tmp_path)
    try:
        assert isinstance(ask(host, "starts"), Answer)
        left = [int(path.name.partition("-")[2]) for path in tmp_path.glob("left-*")]
        assert len(left) == 1 + then.count("fork")
        assert all(map(ended, left))
    finally:
        host.close()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os; os._exit(0)", "ended its process with exit status 0"),
        ("import ctypes; ctypes.string_at(0)", "ended its process by SIGSEGV"),
        ("import sys; sys.exit(1)", "raised SystemExit: 1"),
        ("while True: pass", "took longer than 10 s"),
        ("import os; os.closerange(3, 256)", "ended its process with exit status 1"),
        ("import os; os.closerange(3, 256)\nwhile True: pass", "closed what its process speaks with"),
        (WRITES_EVERYWHERE, "wrote to what is not its own"),
        ("raise ValueError('x' * (8 << 20))", "raised ValueError: xxx"),
        ("import not_there_any_more", "raised ModuleNotFoundError: No module named 'not_there_any_more'"),
    ],
)
def test_a_package_that_cannot_be_imported_takes_nothing_from_the_others(
    tmp_path: Path, source: str, why: str
) -> None:
    package(tmp_path, "broken", source, {"broken": "Broken"})
    package(
        tmp_path, "whole", HEAD + KIND.format(kind="Calm", name="calm", deed="return {}"), {"calm": "Calm"}
    )
    host = host_over(tmp_path, import_seconds=10.0 if "while" in source else 60.0)
    try:
        offers = host.offers()
        assert why in offers.failures["broken = broken:Broken"].sentence
        assert {"calm", "trend"} <= set(offers.names)
        assert isinstance(ask(host, "calm"), Answer)
    finally:
        host.close()


@pytest.mark.parametrize(
    "source",
    [
        "print('hello'); print('and more', end='')",
        "import os; os.fork()",
        "import os, time; os.fork() or time.sleep(3600)",
        "import os; os.fork() or os._exit(3)",
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "import threading, time; threading.Thread(target=time.sleep, args=(3600,)).start()",
        "import sys; sys.stdout = None",
        "import sys; sys.stdout.close()",
        "import subprocess; subprocess.Popen(['sleep', '3600'])",
    ],
)
def test_what_a_module_does_on_being_imported_is_nobody_s_answer(tmp_path: Path, source: str) -> None:
    """And no strategy's, its own included, fails for it."""
    calm = HEAD + KIND.format(kind="Calm", name="calm", deed="return {}")
    package(tmp_path, "loud", f"{source}\n{calm}".replace('"calm"', '"loud"'), {"loud": "Calm"})
    package(tmp_path, "whole", calm, {"calm": "Calm"})
    host = host_over(tmp_path)
    try:
        with said() as lines:
            assert host.offers().failures == {}
            answers = [ask(host, name) for name in ("loud", "calm", "loud", "calm")]
        assert answers == [Answer(())] * 4
        assert lines == []
    finally:
        host.close()


@pytest.mark.parametrize(
    "brought",
    [
        ("ib_trading",),
        ("msgspec", "numpy"),
        ("ib_trading", "msgspec", "numpy", "tzdata", "logging", "socket"),
    ],
)
def test_a_wheel_with_modules_in_the_place_of_others_hurts_only_itself(
    tmp_path: Path, brought: tuple[str, ...]
) -> None:
    """They would end whoever imports them: nobody does."""
    package(
        tmp_path, "whole", HEAD + KIND.format(kind="Calm", name="calm", deed="return {}"), {"calm": "Calm"}
    )
    package(tmp_path, "shadowing", "import os; os._exit(9)", {"shadowing": "Shadowing"})
    for module in brought:
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").write_text("import os; os._exit(9)\n")
        with (tmp_path / "shadowing-1.dist-info" / "RECORD").open("a") as record:
            record.write(f"{module}/__init__.py,,\n")
    host = host_over(tmp_path)
    try:
        [(source, failure)] = host.offers().failures.items()
        assert source == "shadowing = shadowing:Shadowing"
        assert failure.sentence.startswith(f"shadowing brings a module {brought[0]}, which is ")
        assert isinstance(ask(host, "calm"), Answer)
    finally:
        host.close()


def test_who_asks_after_the_end_is_told_and_starts_nothing(tmp_path: Path) -> None:
    host = host_over(tmp_path)
    host.close()
    assert host.offers().failures[HOST].sentence == "the service is ending"
    assert isinstance(ask(host, "trend"), Failure)


def test_a_strategy_sees_no_more_of_the_environment_than_the_settings_give_it(tmp_path: Path) -> None:
    deed = "return Decision({}, notes={name: 'there' for name in os.environ})"
    package(
        tmp_path,
        "curious",
        HEAD + KIND.format(kind="Curious", name="curious", deed=deed),
        {"curious": "Curious"},
    )
    host = StrategyHost(Path(sys.executable), {"PYTHONPATH": str(tmp_path), "TZ": "UTC"})
    told = ask(host, "curious")
    host.close()
    assert isinstance(told, Answer)
    own = {"MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED"}
    assert set(told.notes) - {"LC_CTYPE", "PYTHONDONTWRITEBYTECODE"} == own | {"PYTHONPATH", "TZ"}


def test_what_a_strategy_kept_on_itself_is_gone_with_the_next_question(tmp_path: Path) -> None:
    deed = """
        Counts.count = getattr(Counts, "count", 0) + 1
        return Decision({}, notes={"count": Counts.count})"""
    package(
        tmp_path, "counts", HEAD + KIND.format(kind="Counts", name="counts", deed=deed), {"counts": "Counts"}
    )
    host = host_over(tmp_path)
    answers = [ask(host, "counts") for _ in range(3)]
    host.close()
    assert [answer.notes for answer in answers if isinstance(answer, Answer)] == [{"count": "1"}] * 3
