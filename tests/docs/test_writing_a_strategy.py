"""The guide's example, installed as the separate package that it is, trades through the service."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import START

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"^```\w+ file=(?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
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


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The example's package in a folder, as an installer leaves it there."""
    project = tmp_path / "calm"
    project.mkdir()
    files = {
        found["name"]: found["text"]
        for found in FILE.finditer((ROOT / "docs/writing-a-strategy.md").read_text())
    }
    assert set(files) == {"pyproject.toml", "calm_strategies.py"}
    for name, text in files.items():
        (project / name).write_text(text)
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
