"""Makes the folder of packages that tests in the image need and the image does not have.

Decides which: those that uv.lock gives the group `test` beyond the group that the image is built from, for the image's
Python. So a package that the service imports and the image lacks is missed by its tests, as it would be by the service,
and none that it has is covered by another version.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from delivery.console.refusal import Refusal

# What images/application/Dockerfile installs; tests/delivery/commands/test_tests_in_image.py compares.
IMAGE_GROUP = "google"
TEST_GROUP = "test"

PYTHON = "3.12"
# glibc 2.28 or newer on the image's Debian 12, which has 2.36.
PLATFORM = "x86_64-manylinux_2_28"


class PackagesError(Refusal):
    """uv could not do it; the text has its words."""


def make_packages(folder: Path) -> tuple[str, ...]:
    """Fills `folder`, which is made anew, from uv.lock in the working directory; answers what is in it, name==version
    each. PackagesError."""
    lent = beyond(_exported(IMAGE_GROUP, TEST_GROUP), _exported(IMAGE_GROUP))
    # What an earlier lock file wanted would be found, though nothing asks for it any more.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = folder.with_suffix(".txt")
    # What strategies have by an address has no hash, and their own process in the image has it.
    named = [requirement for requirement in lent.values() if " @ " not in requirement.partition(";")[0]]
    wanted.write_text("".join(f"{requirement}\n" for requirement in named), encoding="utf-8")
    target = (f"--target={folder}", f"--python-version={PYTHON}", f"--python-platform={PLATFORM}")
    # Nothing is built: what a build makes on this machine is for this machine's Python.
    checked = ("--only-binary=:all:", "--require-hashes", "--no-deps")
    _uv("pip", "install", "--quiet", *target, *checked, f"--requirement={wanted}")
    return tuple(lent)


def beyond(wanted: str, had: str) -> dict[str, str]:
    """Of two texts of `uv export`, what the first has and the second has not: name==version → the requirement with its
    markers and hashes."""
    there = _requirements(had)
    return {name: text for name, text in _requirements(wanted).items() if name not in there}


def _requirements(exported: str) -> dict[str, str]:
    """A requirement begins at the margin; its hashes follow it, indented."""
    found: dict[str, str] = {}
    name = ""
    for line in exported.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            name = line.split()[0]
            found[name] = line
        elif name and line.strip():
            found[name] += f"\n{line}"
    return found


def _exported(*groups: str) -> str:
    plain = ("--no-emit-local", "--no-annotate", "--no-header")
    return _uv("export", "--frozen", "--no-default-groups", *(f"--group={group}" for group in groups), *plain)


def _uv(*command: str) -> str:
    # -I: whatever lies in the folder, it is the installed uv that is asked.
    program = (sys.executable, "-I", "-m", "uv")
    done = subprocess.run([*program, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackagesError(f"uv {' '.join(command[:2])}: {done.stderr.strip()}")
    return done.stdout
