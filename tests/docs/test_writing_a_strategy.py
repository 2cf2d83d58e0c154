"""The guide, followed in a copy that holds what a fresh clone would; and its package, installed as a separate one."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched
from tests.docs.guide import files, is_of_the_image, steps, write
from tests.readme.blocks import copy_of
from tests.service import START

ROOT = Path(__file__).parents[2]
STACK_FILE = 'config: {ib-trading:trading: {exposure: {overall: "0.9", strategies: {calm: "0.3"}}}}\n'
PROGRAM = """
import json, sys
from pathlib import Path
from tests.service import ServiceUnderTest

folder, port, stack_file = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
service = ServiceUnderTest.over(folder, port, stack_file=stack_file)
collected = service.post("/collect-market-data")
traded = service.post("/allocation")
print(json.dumps({"collected": collected.status, "status": traded.status, "body": traded.body}))
"""
"""In a process of its own: what is installed is what the interpreter finds when it starts."""
CALLED = """
import json, sys
from pathlib import Path
from tests.service import ServiceUnderTest

folder, port, stack_file, calls = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
service = ServiceUnderTest.over(folder, port, stack_file=stack_file)
told = [service.post(path, body, **headers) for path, body, headers in calls]
print(json.dumps([[one.status, one.body] for one in told]))
"""
"""The guide's calls of the service, one after the other."""
STOOD_IN = {
    "./nox -s strategy -- ": (sys.executable, "-m", "workbench"),
    "./nox -s tests-3.12 -- ": (sys.executable, "-m", "pytest", "-q"),
}
"""What sessions run, without making an environment for each: this one has all that they have."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The example's package in a folder, as an installer leaves it there."""
    project = tmp_path / "calm"
    project.mkdir()
    for name in ("pyproject.toml", "calm_strategies.py"):
        (project / name).write_text(files()[name])
    return wheel_unpacked(project, tmp_path / "site")


def wheel_unpacked(project: Path, into: Path) -> Path:
    """Built by the build backend that the example names, without asking a package index for it."""
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(into)], cwd=project, check=True)
    [wheel] = into.glob("*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(into)], check=True)
    return into


def test_the_example_is_found_by_its_entry_point_and_trades(installed: Path, tmp_path: Path) -> None:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as gateway:
        path = f"{ROOT}:{installed}"
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "run"), str(gateway.port), STACK_FILE]
        ended = subprocess.run(
            command, env={"PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert (told["collected"], told["status"]) == (200, 200), told
    assert set(told["body"]["signals"]["calm"]) == {"JNJ", "PG"}
    assert {order["status"] for order in told["body"]["orders"]} == {"filled"}
    assert told["body"]["orders"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    copy_of(ROOT, folder)
    return folder


@pytest.mark.long
def test_the_guide_leads_from_an_empty_file_to_a_paper_trade(clone: Path, tmp_path: Path) -> None:
    """Each command in its order; a file of the guide is written when the command before it has run. What it says of the
    image, tests/images/test_guide.py follows."""
    calls: list[tuple[str, object, dict[str, str]]] = []
    start = ""
    for step in steps():
        if isinstance(step, tuple):
            write(clone, *step)
            continue
        words = shlex.split(step)
        if "curl" in words:
            calls.append(call_of(words))
        elif "--start" in words:
            start = words[words.index("--start") + 1]
        elif step != "CLOCK=broker ./nox -s serve" and not is_of_the_image(step):
            run(clone, step)
    with Launched.start("--clock", "virtual", "--start", start, "--cash", "USD=1000000") as gateway:
        stack_file = (clone / "Pulumi.paper.yaml").read_text()
        program = ("-c", CALLED, str(tmp_path / "run"), str(gateway.port), stack_file, json.dumps(calls))
        told = json.loads(ended(clone, (sys.executable, *program)).splitlines()[-1])
    assert [status for status, _ in told] == [200] * 3, told
    _, planned, traded = (body for _, body in told)
    assert planned["signals"]["spy_macd"] == {"SPY": -1, "VIXY": 1}
    assert {(one["localSymbol"], one["action"], one["status"]) for one in traded["orders"]} == {
        ("SPY", "SELL", "filled"),
        ("VIXY", "BUY", "filled"),
    }


def call_of(words: list[str]) -> tuple[str, object, dict[str, str]]:
    """Path, body and headers of a curl command."""
    path = next(word.partition("localhost:8080")[2] for word in words if "localhost" in word)
    headers = dict(words[index + 1].split(": ") for index, word in enumerate(words) if word == "-H")
    body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
    return path, body, {name.replace("-", "_"): value for name, value in headers.items()}


def run(clone: Path, command: str) -> None:
    session = next(one for one in STOOD_IN if command.startswith(one))
    ended(clone, (*STOOD_IN[session], *shlex.split(command.removeprefix(session))))


def ended(clone: Path, command: tuple[str, ...]) -> str:
    """What it printed; its failure is the test's."""
    path = os.pathsep.join(str(clone / folder) for folder in ("app", "simulator", ""))
    environment = {**os.environ, "PYTHONPATH": path}
    told = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
