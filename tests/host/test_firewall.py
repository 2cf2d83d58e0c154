"""What a strategy's code does to its process, it does to itself: through the real host, with a package's strategies."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.core.strategy import Answer, Failure, Instance, Question

NOON = datetime(2024, 6, 3, 16, tzinfo=UTC)
SECONDS, MEGABYTES = 3.0, 512

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
    "writes_to_the_module": "Calm.name = 'other'; sys.modules['ib_trading'] = None; return {}",
}
HEAD = """
import ctypes, os, sys, threading, time
from ib_trading.strategies import Decision, Strategy
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
        ("hoards", "raised MemoryError"),
        ("interrupts", "raised KeyboardInterrupt"),
        ("recurses", "raised RecursionError: maximum recursion depth exceeded"),
        ("answers_megabytes", "gave a memory of 8,388,610 bytes; 65,536 are kept"),
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


def test_an_exception_is_told_with_the_line_of_its_author(host: StrategyHost) -> None:
    told = ask(host, "exits")
    assert isinstance(told, Failure)
    assert "deeds.py" in told.traceback
    assert "sys.exit('no signal today')" in told.traceback
    assert "/host/" not in told.traceback


@pytest.mark.parametrize("name", ["chatters", "floods", "threads", "forks", "writes_to_the_module"])
def test_what_harms_nobody_is_an_answer(host: StrategyHost, name: str) -> None:
    assert isinstance(ask(host, name), Answer)
    assert isinstance(ask(host, "calm"), Answer)


def test_one_that_kills_the_host_has_failed_and_the_next_one_has_another(host: StrategyHost) -> None:
    assert isinstance(ask(host, "kills_its_parent"), Failure)
    assert isinstance(ask(host, "calm"), Answer)


def test_nothing_that_a_strategy_started_is_left(tmp_path: Path) -> None:
    left = tmp_path / "left"
    package(
        tmp_path,
        "starters",
        HEAD
        + KIND.format(
            kind="Starts",
            name="starts",
            deed=f"""
        child = os.fork()
        if not child: time.sleep(3600)
        open({str(left)!r}, "w").write(str(child))
        return {{}}""",
        ),
        {"starts": "Starts"},
    )
    host = host_over(tmp_path)
    assert isinstance(ask(host, "starts"), Answer)
    host.close()
    assert ended(int(left.read_text()))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os._exit(0)", "ended its process with exit status 0"),
        ("import ctypes; ctypes.string_at(0)", "ended its process by SIGSEGV"),
        ("import sys; sys.exit(1)", "raised SystemExit: 1"),
        ("while True: pass", "took longer than 2 s"),
        ("import not_there_any_more", "raised ModuleNotFoundError: No module named 'not_there_any_more'"),
    ],
)
def test_a_package_that_cannot_be_imported_takes_nothing_from_the_others(
    tmp_path: Path, source: str, said: str
) -> None:
    package(tmp_path, "broken", source, {"broken": "Broken"})
    package(
        tmp_path, "whole", HEAD + KIND.format(kind="Calm", name="calm", deed="return {}"), {"calm": "Calm"}
    )
    host = host_over(tmp_path, import_seconds=2.0)
    try:
        offers = host.offers()
        assert said in offers.failures["broken = broken:Broken"].sentence
        assert {"calm", "trend"} <= set(offers.names)
        assert isinstance(ask(host, "calm"), Answer)
    finally:
        host.close()


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
