"""Tests run in the image, in what the image has, and say when they fail."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.images.workshop import Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

PLANTED = """
import os, sys
from pathlib import Path
import flask, ib_trading, ib_trading.schema as schema

def test_planted():
    assert (ib_trading.__file__, schema.__file__) == (
        "/app/ib_trading/__init__.py", "/app/ib_trading/schema/__init__.py"
    )
    assert flask.__file__.startswith("/opt/service/lib/")
    assert (sys.version_info[:2], sys.prefix) == ((3, 12), "/opt/service")
    assert (os.getuid(), os.getgid()) == (10001, 10001)
    for mine in ("/app/ib_trading/planted.py", "/app/tests/planted.py", "/srv/packages/planted.py"):
        try:
            Path(mine).touch()
        except OSError:
            continue
        raise AssertionError(f"{mine} can be written")
    assert Path("/app/tests").is_dir(), "VERDICT"
    assert "VERDICT" == "passes"
"""


def tried(workshop: Workshop, verdict: str) -> subprocess.CompletedProcess[str]:
    """The unit part in the built image, with one test more, and nothing but that."""
    planted = workshop.copy / "tests/core/test_planted.py"
    planted.write_text(PLANTED.replace("VERDICT", verdict))
    try:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "delivery.commands.tests_in_image",
                "unit",
                "--tool",
                "buildah",
                "-k",
                "test_planted",
            ],
            cwd=workshop.copy,
            env=workshop.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        planted.unlink()


def test_what_is_tested_is_what_the_image_has(
    workshop: Workshop, built: subprocess.CompletedProcess[str]
) -> None:
    """The service's code, its packages and its Python are the image's, the user too, who can write none of it."""
    done = tried(workshop, "passes")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_failure_in_the_image_is_shown_and_leaves_no_container(
    workshop: Workshop, built: subprocess.CompletedProcess[str]
) -> None:
    """pytest's own words, one sentence at the end, and exit code 1."""
    before = workshop.buildah("containers", "--quiet")
    done = tried(workshop, "fails")
    assert done.returncode == 1
    assert "AssertionError: assert 'fails' == 'passes'" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("tests in the image: some failed, as said above")
    assert workshop.buildah("containers", "--quiet") == before
