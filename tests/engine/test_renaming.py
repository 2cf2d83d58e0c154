"""Who renames a component or a resource says what it was called, and keeps what it made."""

from __future__ import annotations

from pathlib import Path

from tests.engine.checkout import Checkout


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} is expected to say {old!r} once"
    path.write_text(text.replace(old, new), encoding="utf-8")


def component(checkout: Checkout, name: str) -> Path:
    return checkout.project / "infra" / "components" / f"{name}.py"


def rename_class(warehouse: Path, says: str) -> None:
    """The class gives the component its type, and so all that it made their names in the state."""
    edit(
        warehouse, "from infra.component import Component\n", "from infra.component import Component, token\n"
    )
    edit(warehouse, "class Warehouse(Component):\n", f"class PriceHistory(Component):\n{says}")
    with warehouse.open("a", encoding="utf-8") as file:
        file.write("\n\nWarehouse = PriceHistory\n")


def test_a_renamed_component_keeps_its_dataset_and_tables(first: Checkout) -> None:
    """With an alias the next `up` changes names in the state and asks Google for nothing."""
    says = '    formerly = (pulumi.Alias(type_=token("Warehouse")),)\n'
    rename_class(component(first, "warehouse"), says)
    first.up("paper")
    assert first.changes() == []
    types = {each["type"] for each in first.resources("paper").values()}
    assert "ib-trading:index:PriceHistory" in types and "ib-trading:index:Warehouse" not in types


def test_a_component_renamed_without_saying_so_is_refused(first: Checkout) -> None:
    """Without the alias Pulumi sees a new dataset and an old one to delete: the protection stops it."""
    rename_class(component(first, "warehouse"), "")
    run = first.pulumi("up", "--yes", "--stack", "paper")
    assert run.code != 0
    assert "protected" in run.text
    assert first.changes() == []


def test_a_renamed_resource_keeps_what_it_is_at_google(first: Checkout) -> None:
    """`formerly` on a resource does the same for it alone."""
    secrets = component(first, "broker_secrets")
    edit(secrets, '            "credentials",', '            "broker-credentials",')
    edit(secrets, "protect=True)", 'protect=True, formerly=["credentials"])')
    first.up("paper")
    assert first.changes() == []
