"""A strategy may depend on any package: nothing of this project takes a name that belongs to somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ib_trading_simulator.launch import Launched
from tests.served import serving
from tests.service import START

ROOT = Path(__file__).parents[2]

NAMES = ("app", "bench", "delivery", "demo", "emulators", "infra", "simulator")
"""What this project's packages are or were called, and others' are too. `schema` is PyPI's own, really installed."""

STRATEGY = f"""
from schema import Schema

from ib_trading.strategies import Strategy, stocks
{"".join(f"import {name}" + chr(10) for name in NAMES)}

class Mixed(Strategy):
    name = "mixed"
    instruments = stocks("AAPL")

    def weights(self, view):
        whose = {{ {", ".join(f"{name}.WHOSE" for name in NAMES)} }}
        weight = Schema(float).validate(0.5)
        return {{self.instruments[0]: weight if whose == {{"somebody else's"}} else 0.1}}
"""
STACK_FILE = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {mixed: "0.2"}
"""


def packages_of_others(folder: Path) -> Path:
    """A folder as installers leave it: packages of these names, and one that offers a strategy which imports them."""
    for name in NAMES:
        package = folder / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text('WHOSE = "somebody else\'s"\n')
    (folder / "mixed_strategies.py").write_text(STRATEGY)
    told = folder / "mixed_strategies-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: mixed-strategies\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[ib_trading.strategies]\nmixed = mixed_strategies:Mixed\n")
    return folder


def python_without_the_repository(folder: Path) -> Path:
    """An interpreter as a container has it: with what is installed, and without the repository's root, which the tests
    have on their path."""
    venv.create(folder)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


def test_a_strategy_trades_beside_packages_of_every_name_that_others_have_too(tmp_path: Path) -> None:
    packages = packages_of_others(tmp_path / "packages")
    python = str(python_without_the_repository(tmp_path / "python"))
    found = os.pathsep.join(filter(None, (str(packages), os.environ.get("PYTHONPATH"))))
    with (
        Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as gateway,
        serving(
            tmp_path, gateway.port, stack_file=STACK_FILE, PYTHONPATH=found, STRATEGY_PYTHON=python
        ) as address,
    ):
        asked = Request(f"{address}/allocation", b'{"dryRun": true}', {"Content-Type": "application/json"})
        with urlopen(asked) as told:
            plan = json.load(told)
    assert plan["signals"] == {"mixed": {"AAPL": 0.5}}


@pytest.mark.skipif(not (ROOT / "app").is_dir(), reason="an image has no sources to build a wheel from")
def test_the_wheel_holds_one_package(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {name.split("/")[0] for name in names} == {"ib_trading", f"ib_trading-{version}.dist-info"}
    assert "ib_trading/py.typed" in names
