"""What a stack consists of, as a page that a person can read: type → name → the inputs that matter, and how many.

Compared whole with what is in inventories/, so that a resource too many fails like one too few. Written anew by
`python -m tests.infra.inventory`; the difference in the page is what a review is about.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from infra.stack_config import StackConfig
from tests.infra.recorded import Record, Registration, record
from tests.infra.stacks import config, deployed

FOLDER = Path(__file__).with_name("inventories")
COMMAND = "python -m tests.infra.inventory"

WORDING = {"description", "displayName", "documentation", "labels", "userLabels"}
"""Inputs that change nothing but what a person reads; labels have a test of their own."""


def stacks() -> dict[str, StackConfig]:
    """Both modes, alone in a project and sharing one, before the first image and with it."""
    return {
        f"{stack}-{'shared' if shared else 'alone'}-{'image' if make is deployed else 'no-image'}": make(
            stack, shared=shared
        )
        for stack in ("paper", "live")
        for shared in (False, True)
        for make in (config, deployed)
    }


def inventory(found: Record) -> str:
    kinds = sorted({one.kind for one in found.resources})
    page = {
        "count": {"all": len(found.resources)} | {kind: len(found.of(kind)) for kind in kinds},
        "outputs": found.outputs,
        "resources": {
            kind: {name: _inputs(one) for name, one in sorted(found.of(kind).items())} for kind in kinds
        },
    }
    return yaml.safe_dump(page, sort_keys=False, width=110, allow_unicode=True)


def _inputs(one: Registration) -> dict[str, Any]:
    kept = {name: value for name, value in one.inputs.items() if name not in WORDING}
    # The wire keeps no order of keys.
    return json.loads(json.dumps(kept, sort_keys=True)) | ({"protect": True} if one.protect else {})


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, stack in stacks().items():
        (FOLDER / f"{name}.yaml").write_text(inventory(record(stack)), encoding="utf-8")


if __name__ == "__main__":
    main()
