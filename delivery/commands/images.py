"""`python -m delivery.commands.images [--tool NAME] [--pins FILE] [--revision COMMIT]`: builds the base image, then the
application image on it.

Decides what each is built from; prints their sizes, layer by layer, and which strategies the application image offers,
and writes beside them what it is made of: a bill of materials and a list of licences. Exit codes: 0 when all are there,
1 with a sentence when one is not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.session import ended
from delivery.console.progress import step
from delivery.image import licences
from delivery.image.bill_of_materials import written
from delivery.image.builder import APPLICATION, BASE, TOOLS, Layer, build, find_tool, layers, output_inside
from delivery.image.contents import parts_of
from delivery.image.pins import PINS, Pins, read_pins
from delivery.image.provenance import Provenance, provenance_of

REPORTS = Path(".local/images")
BILL = REPORTS / "ib-trading.cdx.json"
LICENCES = REPORTS / "ib-trading.licences.txt"
OFFERED = Path("workbench/offered.py")
SERVICE_PYTHON = "/opt/service/bin/python"
"""In the image."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./nox -s images --", description="Builds both images.")
    parser.add_argument("--tool", choices=TOOLS, help="the first of them that works, unless given")
    parser.add_argument("--pins", type=Path, default=PINS, help="what the images are made of (%(default)s)")
    parser.add_argument("--revision", default="", help="the commit, where there is no git to ask")
    given = parser.parse_args(arguments)
    return ended(
        "images",
        lambda: make(given.tool, given.pins, given.revision),
        "run it again; finished layers are kept",
    )


def make(wanted: str | None, pins_file: Path, revision: str) -> int:
    """0. Refusal where one is not built, or is not what it should be."""
    pins = read_pins(pins_file)
    provenance = provenance_of(Path(), revision)
    tool = find_tool(wanted)
    print(f"Builds {BASE} and {APPLICATION} with {tool}, from {_told(provenance)}.", flush=True)
    build(tool, Path("images/base/Dockerfile"), Path("images/base"), BASE, pins.arguments())
    application = Path("images/application/Dockerfile")
    build(tool, application, Path(), APPLICATION, {"BASE_IMAGE": BASE}, provenance.labels())
    for name in (BASE, APPLICATION):
        print(described(name, layers(tool, name)))
    with step(f"import the strategies that are in {APPLICATION}"):
        told = output_inside(tool, APPLICATION, OFFERED.read_text(encoding="utf-8"), SERVICE_PYTHON)
    print(offered(told))
    _write_what_is_in_it(tool, pins, provenance)
    return 0


def _write_what_is_in_it(tool: str, pins: Pins, provenance: Provenance) -> None:
    with step(f"what is in {APPLICATION}"):
        parts = parts_of(tool, APPLICATION, pins, Path("uv.lock"))
        bill = written(APPLICATION, provenance, parts)
    REPORTS.mkdir(parents=True, exist_ok=True)
    BILL.write_text(bill, encoding="utf-8")
    LICENCES.write_text(licences.list_of(f"{APPLICATION} {provenance.version}", parts), encoding="utf-8")
    print(f"{BILL}: {len(parts)} parts\n{LICENCES}: their licences")
    if unknown := licences.unknown(parts):
        names = ", ".join(f"{part.name} {part.version}" for part in unknown)
        print(f"whose licence nobody states in a form that programs read: {names}")


def _told(provenance: Provenance) -> str:
    if not provenance.revision:
        return f"version {provenance.version}, which is in no git checkout"
    extra = "; it has changes that are in no commit, and its label says so" if provenance.dirty else ""
    return f"version {provenance.version}, commit {provenance.revision}{extra}"


def offered(told: str) -> str:
    """What OFFERED has told, for a person: who can trade in the image, and what cannot be imported there, which hurts
    nobody else."""
    found = json.loads(told)
    names = ", ".join(found["offers"]) or "none"
    return "\n".join([f"strategies in {APPLICATION}: {names}", *found["failures"]])


def described(name: str, of: Sequence[Layer]) -> str:
    """A line for the image and one a layer, sizes in megabytes of 10⁶ bytes."""
    lines = [f"{name}: {_megabytes(sum(layer.size for layer in of))} in {len(of)} layers"]
    lines += [f"{_megabytes(layer.size):>12}  {_instruction(layer.made_by)}" for layer in of]
    return "\n".join(lines)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _instruction(made_by: str) -> str:
    """What made a layer, on one line, without the shell and the arguments that every tool spells differently."""
    words = made_by.rpartition("/bin/sh -c")[2].replace("#(nop)", "").split()
    text = " ".join(words)
    return text if len(text) <= 90 else text[:89] + "…"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
