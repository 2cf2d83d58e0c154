"""Both images are built as a person would build them; what is not the pinned file is refused."""

from __future__ import annotations

import re
import subprocess

import pytest

from delivery.image.builder import APPLICATION, BASE
from tests.images.workshop import MARKER, Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

# Megabytes of 10⁶ bytes. The stand-ins for Python and the gateway have sizes of their own, so each bound is for what we
# put on top of them. The X server alone brought 217 before its drivers were left out.
X_SERVER_BOUND = 45.0
DEPENDENCIES_BOUND = 175.0
HOST_BOUND = 60.0
LIBRARIES_BOUND = 50.0
SERVICE_BOUND = 4.0


def test_both_images_are_built_and_their_sizes_are_printed(built: subprocess.CompletedProcess[str]) -> None:
    """A line for each image, with its size and the number of its layers."""
    for name in (BASE, APPLICATION):
        assert re.search(rf"^{name}: [\d,.]+ MB in \d+ layers$", built.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("made_by", "bound"),
    [
        ("apt-get", X_SERVER_BOUND),
        ("/opt/service", DEPENDENCIES_BOUND),
        # As long as the line has room for.
        ("/opt/strat", HOST_BOUND),
        ("/opt/lib", LIBRARIES_BOUND),
        ("/app", SERVICE_BOUND),
    ],
)
def test_each_layer_of_ours_keeps_within_its_bound(
    built: subprocess.CompletedProcess[str], made_by: str, bound: float
) -> None:
    """X server, dependencies, what strategies need and service each have a layer of their own, so that a change of one
    leaves the others."""
    application = built.stdout.rpartition(f"\n{APPLICATION}: ")[2]
    sizes = [float(size) for size in re.findall(rf"^ *([\d.]+) MB  .*{made_by}", application, re.MULTILINE)]
    print(f"{made_by}: {sizes} MB of at most {bound}")
    assert len(sizes) == 1
    assert sizes[0] <= bound


@pytest.mark.parametrize("file", ["gateway.sh", "ibc.zip"])
def test_a_download_with_another_checksum_fails_the_build(
    workshop: Workshop, built: subprocess.CompletedProcess[str], file: str
) -> None:
    """The file behind the address is not the one that was pinned: nothing of it is run or unpacked."""
    workshop_pins = (workshop.copy / "images/pins.toml").read_text()
    table = "gateway" if file == "gateway.sh" else "ibc"
    pinned = re.search(rf'\[{table}\].*?sha256 = "(\w+)"', workshop_pins, re.DOTALL)
    assert pinned
    done = workshop.build({pinned[1]: "0" * 64})
    assert done.returncode == 1
    assert re.search(
        rf"fetch: {workshop.address}/{file} has SHA-256 {pinned[1]}, not 0{{64}}; refused", done.stdout
    )


def test_no_layer_has_what_lay_about_in_the_working_copy(
    workshop: Workshop, built: subprocess.CompletedProcess[str]
) -> None:
    """Credentials, keys and environment files beside the code: in no layer of the store, not even one that a later
    layer covers."""
    found = subprocess.run(
        ["grep", "-rlaF", MARKER, str(workshop.images.layers)], capture_output=True, text=True, check=False
    )
    assert found.stdout == ""
    assert found.returncode == 1
