"""The demonstration on Google's services ends where the one on the embedded stores ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.exchanges import read_json
from emulators import bigquery, firestore
from tests.demo.processes import ROOT
from tests.required import where_installed


def performed(folder: Path, *options: str) -> Any:
    """What a performance with these options wrote down."""
    evidence = folder / f"{'-'.join(options) or 'plain'}.json"
    command = [sys.executable, "-m", "demo", "--json", evidence, "--page", folder / "page.html", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return read_json(evidence.read_text(encoding="utf-8"))


def body(evidence: Any, name: str) -> Any:
    [step] = [step for step in evidence["steps"] if step["name"] == name]
    return step["response"]["body"]


@pytest.mark.emulator
@pytest.mark.timeout(500)
def test_on_googles_services_it_ends_with_the_same_holdings(tmp_path: Path) -> None:
    """And has sent the same orders, which filled at the same prices: nothing depends on where it is written down."""
    with where_installed():
        bigquery.program()
        firestore.program()
    local, google = performed(tmp_path), performed(tmp_path, "--backend", "google")
    assert "start Google's emulators" in google["phases"]
    for name in ("summary after allocation", "summary after allocation a month later"):
        assert body(google, name)["holdings"] == body(local, name)["holdings"]
        assert body(google, name)["netLiquidation"] == body(local, name)["netLiquidation"]
    assert body(google, "allocation a month later")["plan"] == body(local, "allocation a month later")["plan"]
    assert google["control"]["positions"] == local["control"]["positions"] != []
    assert fills(google) == fills(local) != []


def fills(evidence: Any) -> list[tuple[str, str, str, str]]:
    return [
        (one["symbol"], one["side"], one["shares"], one["price"]) for one in evidence["control"]["executions"]
    ]


def test_a_missing_emulator_is_named_with_what_to_install(tmp_path: Path) -> None:
    """A sentence for each, exit code 2, and nothing was started; also where Google's clients are missing too."""
    nowhere = {
        "FIRESTORE_EMULATOR_JAR": str(tmp_path / "no.jar"),
        "BIGQUERY_STAND_IN": str(tmp_path / "none"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--backend", "google"],
        cwd=ROOT,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert len(re.findall(r"is not installed; \S", done.stderr)) >= 2
