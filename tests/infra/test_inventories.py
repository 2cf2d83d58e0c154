"""A stack is what its inventory says: no resource too many, none too few, none otherwise."""

from __future__ import annotations

import pytest

from tests.infra.inventory import COMMAND, FOLDER, inventory, stacks
from tests.infra.recorded import record

STACKS = stacks()


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_consists_of_what_its_inventory_lists(name: str) -> None:
    path = FOLDER / f"{name}.yaml"
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert inventory(record(STACKS[name])) == written, f"if this is meant, write it anew with: {COMMAND}"


def test_every_inventory_is_some_stacks() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(STACKS)
