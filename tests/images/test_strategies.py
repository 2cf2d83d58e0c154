"""What a clone's owner has added runs in the image, a file, a package and their libraries, and hurts nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.container import Container
from tests.images.service_in_container import service
from tests.images.workshop import Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

STACK_FILE = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {filed: "0.3", boxed: "0.3", dummy: "0.3"}
"""
PACKAGES = "lib/python3.12/site-packages"


@pytest.fixture(scope="module")
def container(
    workshop: Workshop, built: subprocess.CompletedProcess[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    with service(workshop, tmp_path_factory.mktemp("container"), stack_file=STACK_FILE) as running:
        yield running


def test_a_file_and_a_package_are_asked_in_the_image_with_their_libraries(container: Container) -> None:
    """Both decide by pandas; the file lies in the service's folder, the package came by the lock file."""
    answer = container.ask("POST", "/allocation", {"dryRun": True})
    assert answer.status == 200, answer.body
    assert answer.body["signals"]["filed"] == {"JNJ": 0.5}
    assert answer.body["signals"]["boxed"] == {"PG": 0.5}


def test_a_package_with_modules_in_the_place_of_others_is_told_and_hurts_only_itself(
    container: Container,
) -> None:
    """It brings an `ib_trading`, a `msgspec` and a `numpy` that would end whoever imports them: nobody does."""
    container.wait_until_imported()
    answer = container.ask("GET", "/ready")
    assert answer.status == 200
    [strategies] = (one for one in answer.body["dependencies"] if one["name"] == "strategies")
    assert strategies["state"] == "degraded"
    assert strategies["detail"] == (
        "shadowing-strategies brings a module ib_trading, which is the service's own name; rename it in that package"
    )


def test_the_service_has_none_of_what_strategies_import(root: Path) -> None:
    """Its environment is its own; theirs has what their process needs first, and their libraries behind that."""
    for library in ("pandas", "boxed.py", "shadowing.py"):
        assert not (root / "opt/service" / PACKAGES / library).exists()
        assert (root / "opt/libraries" / PACKAGES / library).exists()
    assert not (root / "opt/libraries" / PACKAGES / "numpy/_core").exists()
    assert (root / "opt/strategies" / PACKAGES / "numpy/_core").exists()
