"""Importing any module but ib_trading.main does nothing: no client, no thread, no network, no file written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import PRODUCT, ROOT, module_name, modules

pytestmark = pytest.mark.timeout(600)

SECONDS = 500
"""All modules with all their libraries: a few, on a machine that does nothing else."""
# What runs when it is imported, by its purpose.
PROGRAMS = {"app/ib_trading/main.py"}
# Modules that need a dependency group of their own; where it is not installed they are not judged.
OPTIONAL = {
    "google": ("ib_trading.adapters.google", "bench.bare_app", "delivery", "emulators"),
    "google_crc32c": ("ib_trading.adapters.google", "delivery", "emulators"),
    "grpc": ("ib_trading.adapters.google", "emulators"),
    "requests": ("ib_trading.adapters.google", "delivery"),
    "cyclonedx": ("delivery",),
    "packageurl": ("delivery",),
    "pulumi": ("infra",),
    "pulumi_gcp": ("infra",),
}


def test_importing_a_module_does_nothing() -> None:
    paths = [path for path in modules(*PRODUCT) if path not in PROGRAMS and not path.endswith("/__main__.py")]
    told = _import([module_name(path) for path in paths], ROOT)
    effects = [
        f"{effect['at']}: importing {effect['module']} does {effect['effect']}" for effect in told["effects"]
    ]
    assert not effects, "\n".join(
        [*effects, "move it into a function, and let ib_trading.composition call that"]
    )
    absent = [
        f"{name} needs {what}" for name, what in told["absent"].items() if not _may_be_absent(name, what)
    ]
    assert not absent, "\n".join([*absent, "add it to pyproject.toml, or import it where it is used"])


def _may_be_absent(name: str, what: str) -> bool:
    return name.startswith(OPTIONAL.get(what.split(".", maxsplit=1)[0], ()))


@pytest.mark.parametrize(
    ("source", "effect"),
    [
        ("import socket\nsocket.socket().close()", "socket.__new__"),
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
            "thread",
        ),
        ("open('left-behind', 'w').close()", "open left-behind"),
        ("import os\nos.mkdir('left-behind')", "os.mkdir"),
        ("import sqlite3\nsqlite3.connect(':memory:').close()", "sqlite3.connect"),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess.Popen"),
    ],
)
def test_an_effect_of_an_import_is_found(source: str, effect: str, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(f'"""A module that does something."""\n{source}\n')
    told = _import(["busy"], tmp_path)
    assert any(effect in seen["effect"] and seen["at"].startswith("busy") for seen in told["effects"]), told


def test_a_module_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "needy.py").write_text('"""A module that wants more."""\nimport not_installed_anywhere\n')
    assert _import(["needy"], tmp_path) == {"effects": [], "absent": {"needy": "not_installed_anywhere"}}


def _import(names: list[str], folder: Path) -> dict[str, Any]:
    probe = [sys.executable, "-B", str(Path(__file__).with_name("import_probe.py")), *names]
    run = subprocess.run(probe, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
