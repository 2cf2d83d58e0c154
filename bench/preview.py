"""What the program's structure costs a person who waits for `pulumi preview`: components, settings and their checks
beside a flat program that registers the same resources by the same library, on the same stand-in for Google.

Both preview a stack of which nothing is deployed, in turn, in one run; the engine is the `pulumi` on PATH.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.measured import Measured, milliseconds
from tests.engine.checkout import Checkout
from tests.engine.stacks import IMAGE, in_own_project

ROUNDS = 5
BOUND = 1.3
FLAT = Path(__file__).parent / "flat" / "__main__.py"
PROJECT = """\
name: flat
main: flat
runtime:
  name: python
  options:
    toolchain: uv
    virtualenv: .venv
"""
STACK = "pulumi:pulumi:Stack"


def measure(rounds: int | None = None) -> Measured:
    if shutil.which("pulumi") is None:
        raise FileNotFoundError("no pulumi on PATH: install the Pulumi CLI")
    with tempfile.TemporaryDirectory(prefix="bench-preview-") as folder:
        ours, flat, count = _prepared(Path(folder))
        structured, plain = [], []
        # The first of each compiles what it imports.
        for checkout in (ours, flat):
            _preview(checkout)
        for _ in range(rounds or ROUNDS):
            structured.append(_preview(ours))
            plain.append(_preview(flat))
    ratio = statistics.median(structured) / statistics.median(plain)
    rows = [
        ("", "time", "ratio"),
        ("pulumi preview of the paper stack", milliseconds(structured), f"{ratio:.2f}"),
        ("of a flat program", milliseconds(plain), "1"),
    ]
    return Measured(
        "preview",
        f"{count} resources each, none of them deployed; medians.",
        rows,
        {"preview": structured, "flat": plain, "resources": count, "ratio": round(ratio, 2)},
        {"ratio to the flat program": (ratio, BOUND)},
    )


def _prepared(folder: Path) -> tuple[Checkout, Checkout, int]:
    """(our program, the flat one, how many resources each registers)"""
    bytecode = folder / "bytecode"
    ours = Checkout.clone(folder / "ours", bytecode)
    ours.done("stack", "init", "paper")
    ours.configure("paper", {**in_own_project("paper"), "ib-trading:image": IMAGE})
    deployed = ours.copied(folder / "deployed")
    deployed.up("paper", "--skip-preview")
    listed = _listed(deployed.resources("paper"))
    flat = Checkout.clone(folder / "flat", bytecode)
    for path in list(flat.project.glob("Pulumi*.yaml")):
        path.unlink()
    (flat.project / "flat").mkdir()
    shutil.copyfile(FLAT, flat.project / "flat" / "__main__.py")
    (flat.project / "flat" / "resources.json").write_text(json.dumps(listed), encoding="utf-8")
    (flat.project / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    flat.done("stack", "init", "paper")
    flat.configure("paper", {key: value for key, value in in_own_project("paper").items() if "gcp:" in key})
    return ours, flat, len(listed)


def _listed(state: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was registered, with inputs as Google got them; names once each, since a flat program has no parents."""
    listed = []
    for index, (urn, each) in enumerate(state.items()):
        if each["type"] == STACK or each["type"].startswith("pulumi:providers:"):
            continue
        inputs = {
            key: _openly(value)
            for key, value in (each.get("inputs") or {}).items()
            if not key.startswith("__")
        }
        listed.append({"type": each["type"], "name": f"{index}-{urn.rpartition('::')[2]}", "inputs": inputs})
    return listed


def _openly(value: Any) -> Any:
    """Encrypted values stand for themselves: their length is what matters here."""
    if isinstance(value, dict):
        return value["ciphertext"] if "ciphertext" in value else {k: _openly(v) for k, v in value.items()}
    return [_openly(member) for member in value] if isinstance(value, list) else value


def _preview(checkout: Checkout) -> float:
    begin = time.perf_counter()
    checkout.done("preview", "--stack", "paper")
    return time.perf_counter() - begin
