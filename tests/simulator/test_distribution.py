"""The simulator as a distribution of its own: what its wheel holds, and whom it lives beside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "simulator"

# Fresh environments, and packages installed into them.
pytestmark = pytest.mark.timeout(240)

THEIRS = """
[project]
name = "simulator"
version = "7"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""

FROM_PYTHON = """
import simulator
from ib_trading_simulator.launch import Launched

with Launched.start("--clock", "virtual") as launched:
    print(simulator.OWNER, launched.state(messages=False)["accounts"][launched.account]["cash"]["USD"])
"""


def wheel(project: Path, into: Path) -> Path:
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(into)], cwd=project, check=True, capture_output=True, text=True
    )
    return into / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(PROJECT, tmp_path_factory.mktemp("wheel"))


def other_peoples_simulator(folder: Path) -> Path:
    """A distribution that owns the top-level package `simulator`, as one on PyPI does."""
    (folder / "simulator").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(THEIRS)
    (folder / "simulator/__init__.py").write_text('OWNER = "somebody else"\n')
    (folder / "simulator/__main__.py").write_text('print("somebody else runs")\n')
    return wheel(folder, folder)


def environment(folder: Path, *wheels: Path) -> Path:
    """Its folder of programs. Nothing is asked of a package index, and nothing inherited from this process."""
    venv.create(folder, symlinks=True)
    if wheels:
        # Our own pip serves the other environment: Debian's Python brings none to put there.
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python"]
        subprocess.run([*pip, "install", "--quiet", "--no-index", *wheels], check=True, env=_plain())
    return folder / "bin"


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}


def first_line(*command: str | Path, cwd: Path) -> dict[str, object]:
    """What a simulator says when it has started; it is ended then, and in order."""
    running = subprocess.Popen(
        [*command, "--port", "0"], cwd=cwd, env=_plain(), stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    line = running.stdout.readline()
    running.terminate()
    assert running.wait(60) == 0
    running.stdout.close()
    return json.loads(line)


def test_the_wheel_holds_the_package_its_data_and_their_licences(built: Path) -> None:
    names = set(zipfile.ZipFile(built).namelist())
    assert {name.partition("/")[0] for name in names} == {
        "ib_trading_simulator",
        "ib_trading_simulator-0.1.0.dist-info",
    }
    package = PROJECT / "ib_trading_simulator"
    meant = {
        path.relative_to(PROJECT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert meant - names == {"ib_trading_simulator/data/build.py"}, "made the data once, and nothing runs it"
    licences = {name.rpartition("/")[2] for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "arch.txt", "mlfinpy.txt", "skfolio.txt"}


def test_it_depends_on_nothing(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        metadata = archive.read("ib_trading_simulator-0.1.0.dist-info/METADATA").decode()
    assert "Requires-Dist" not in metadata


def test_its_licence_is_the_projects() -> None:
    assert (PROJECT / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_it_runs_beside_a_package_of_its_folders_name(built: Path, tmp_path: Path) -> None:
    """Both are usable in one environment, by command, by module and from Python."""
    programs = environment(tmp_path / "env", built, other_peoples_simulator(tmp_path / "theirs"))
    for command in ([programs / "ib-trading-simulator"], [programs / "python", "-m", "ib_trading_simulator"]):
        assert first_line(*command, cwd=tmp_path)["account"] == "DU1234567"
    from_python = [programs / "python", "-c", FROM_PYTHON]
    told = subprocess.run(from_python, cwd=tmp_path, env=_plain(), capture_output=True, text=True, check=True)
    assert told.stdout == "somebody else 100000\n"
    theirs = [programs / "python", "-m", "simulator"]
    # In a clone too: our folder of that name is no package, and takes nothing from theirs.
    for place in (tmp_path, ROOT):
        told = subprocess.run(theirs, cwd=place, env=_plain(), capture_output=True, text=True, check=True)
        assert told.stdout == "somebody else runs\n"


def test_a_clone_runs_it_with_a_python_that_has_nothing_installed(tmp_path: Path) -> None:
    programs = environment(tmp_path / "env")
    assert first_line(programs / "python", "-m", "simulator", cwd=ROOT)["account"] == "DU1234567"
