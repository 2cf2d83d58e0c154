"""./nox, the wrapper: which Python it takes, what it makes once, what it hands over, and what it says when it cannot.

Except for the first two tests, the Pythons are scripts of a few lines: they answer as the wrapper asks, so that
every case runs in milliseconds and without a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 500
"""Of one start, which may make nox's environment first."""

# Plays a Python: tells its version, makes as environment a folder with a copy of itself in it, and there prints
# what nox would be started with.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
  *ensurepip*) exit {venv} ;;
  *"print(sys.version)"* | *python_version* | *version_info*) echo {version} ;;
  *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
  *"-m pip"*) {pip} ;;
  *os.rename*) for last; do :; done; [ ! -e "$last" ] && mv "$4" "$last" ;;
  *"-m nox"*) printf '%s\\n' "$@" ;;
esac
"""
BROKEN_SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
NO_NETWORK = "echo 'Retrying' >&2; echo 'ERROR: No matching distribution found' >&2; exit 1"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder that holds the wrapper, and a PATH with nothing but the few tools it may count on."""

    folder: Path
    tools: Path

    def python(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def nox(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["./nox", *arguments],
            cwd=self.folder,
            env={"PATH": str(self.tools)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @property
    def left(self) -> set[str]:
        return {path.name for path in (self.folder / ".nox").glob(".*")}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, tools = tmp_path / "project", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    shutil.copy(ROOT / "nox", folder)
    for tool in ("sh", "cat", "cp", "dirname", "grep", "mkdir", "mv", "readlink", "rm", "tail"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    return Checkout(folder, tools)


def fake(version: str = "3.12", venv: int = 0, pip: str = "exit 0") -> str:
    return FAKE_PYTHON.format(version=version, venv=venv, pip=pip)


def test_the_real_one_lists_the_sessions_from_another_folder(tmp_path: Path) -> None:
    told = subprocess.run(
        [str(ROOT / "nox"), "--list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert all(f"\n{mark} " in told.stdout for mark in ("* lint", "* types", "- demo", "- serve", "- readme"))


def test_the_real_one_works_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT / "nox")
    (tmp_path / "link-to-link").symlink_to("link")
    told = subprocess.run(
        ["./link-to-link", "--list"], cwd=tmp_path, capture_output=True, timeout=SECONDS, check=True
    )
    assert str(ROOT / "noxfile.py").encode() in told.stdout


def test_arguments_reach_nox_unchanged(checkout: Checkout) -> None:
    checkout.python("python3.12", fake())
    told = checkout.nox("-s", "demo", "--", "--json", "my file")
    handed = ["-I", "-m", "nox", "--noxfile", str(checkout.folder / "noxfile.py")]
    assert told.stdout.splitlines() == [*handed, "-s", "demo", "--", "--json", "my file"]


def test_the_first_run_says_one_line_and_later_ones_none(checkout: Checkout) -> None:
    checkout.python("python3.12", fake())
    assert len(checkout.nox().stderr.splitlines()) == 1
    assert checkout.nox().stderr == ""


def test_3_12_is_preferred_and_a_shim_that_fails_is_passed_over(checkout: Checkout) -> None:
    checkout.python("python3.12", BROKEN_SHIM)
    checkout.python("python3.11", fake("3.11"))
    checkout.python("python3", fake("3.10"))
    assert "on Python 3.11" in checkout.nox().stderr
    checkout.python("python3.12", fake("3.12"))
    shutil.rmtree(checkout.folder / ".nox")
    assert "on Python 3.12" in checkout.nox().stderr


@pytest.mark.parametrize("text", [BROKEN_SHIM, fake("3.10"), fake("3.14")])
def test_without_a_python_that_will_do_it_says_which_it_looked_for(checkout: Checkout, text: str) -> None:
    checkout.python("python3", text)
    told = checkout.nox()
    assert told.returncode == 1
    assert "3.11, 3.12 or 3.13" in told.stderr
    assert "python3.12 python3.13 python3.11 python3" in told.stderr


def test_a_python_that_cannot_make_environments_names_the_package_to_install(checkout: Checkout) -> None:
    checkout.python("python3", fake("3.11", venv=1))
    told = checkout.nox()
    assert told.returncode == 1
    assert "apt-get install python3.11-venv" in told.stderr


def test_a_python_that_can_make_environments_goes_before_one_that_cannot(checkout: Checkout) -> None:
    checkout.python("python3.12", fake("3.12", venv=1))
    checkout.python("python3", fake("3.11"))
    assert "on Python 3.11" in checkout.nox().stderr


def test_without_a_network_it_says_so_in_one_sentence_and_leaves_nothing(checkout: Checkout) -> None:
    checkout.python("python3.12", fake(pip=NO_NETWORK))
    told = checkout.nox()
    assert told.returncode == 1
    assert "is the network up" in told.stderr.splitlines()[-1]
    assert "No matching distribution" in told.stderr.splitlines()[-1]
    assert checkout.left == set()


def test_a_making_that_was_killed_is_swept_away_and_made_again(checkout: Checkout) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    (checkout.folder / ".nox" / f".wrapper.{ended.pid}" / "bin").mkdir(parents=True)
    (checkout.folder / ".nox" / f".wrapper.{os.getpid()}").mkdir()
    checkout.python("python3.12", fake())
    assert checkout.nox("--list").returncode == 0
    assert checkout.left == {".wrapper", f".wrapper.{os.getpid()}"}


def test_other_pins_or_another_python_make_the_environment_anew(checkout: Checkout) -> None:
    checkout.python("python3.12", fake())
    checkout.nox()
    wrapper = checkout.folder / "nox"
    wrapper.write_text(wrapper.read_text().replace("nox==", "nox==1"))
    assert "making" in checkout.nox().stderr
    inner = checkout.folder / ".nox/.wrapper/bin/python"
    inner.write_text(inner.read_text().replace("echo 3.12", "echo 3.13"))
    assert "making" in checkout.nox().stderr
    inner.write_text(BROKEN_SHIM)
    assert "making" in checkout.nox().stderr
    assert checkout.nox().stderr == ""
