"""What the strategies' process needs of its own is the group `host`, and no more: in the image it has nothing else
before the libraries of strategies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ib_trading.host.discovery import OURS

ROOT = Path(__file__).parents[2]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
HOST = {re.split(r"[<>=!~ ]", requirement)[0] for requirement in GROUPS["host"]}
PROGRAM = """
import json, sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name in json.loads(sys.argv[1]):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Without())
import ib_trading.host.process, ib_trading.strategies.testing
"""


def test_the_process_starts_with_what_its_group_names_and_nothing_else() -> None:
    """And so does what an author imports."""
    others = [name for name in packages_distributions() if name not in {*HOST, "ib_trading"}]
    asked = [sys.executable, "-P", "-c", PROGRAM, json.dumps(others)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_what_it_needs_is_what_no_library_may_take_the_place_of() -> None:
    assert set(OURS) == {"ib_trading", *HOST}


@pytest.mark.skipif(not (ROOT / "images").is_dir(), reason="an image has no Dockerfile")
def test_in_the_image_it_comes_before_the_libraries_and_is_not_among_them() -> None:
    text = (ROOT / "images/application/Dockerfile").read_text()
    assert set(re.findall(r"--no-install-package=(\w+)", text)) == HOST
    assert "--only-group=host" in text and "--only-group=strategies" in text


def test_every_session_that_runs_strategies_installs_their_libraries() -> None:
    """By the group's name, or by that of the tests, which include it."""
    assert {"include-group": "strategies"} in GROUPS["test"]
    text = (ROOT / "noxfile.py").read_text()
    for session in ("demo", "serve", "bench"):
        body = text.partition(f"def {session}(")[2].partition("\n\n\n")[0]
        assert '"strategies"' in body and "_sync(session, " in body, session
