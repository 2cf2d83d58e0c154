"""What is written beside the built image: what it was built from, what is in it, and under which licences."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from delivery.commands.images import BILL, LICENCES
from delivery.image.builder import APPLICATION
from tests.images.authors import PROJECTS
from tests.images.workshop import Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]


@pytest.fixture
def bill(workshop: Workshop, built: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return json.loads((workshop.copy / BILL).read_text())


def components(bill: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """By name, those whose purl is of that kind."""
    return {each["name"]: each for each in bill["components"] if each["purl"].startswith(f"pkg:{kind}/")}


def test_the_build_says_where_it_wrote_what(built: subprocess.CompletedProcess[str]) -> None:
    assert re.search(rf"^{re.escape(str(BILL))}: \d+ parts$", built.stdout, re.MULTILINE)
    assert f"{LICENCES}: their licences" in built.stdout
    assert "which is in no git checkout" in built.stdout


def test_the_bill_of_materials_is_valid(workshop: Workshop, bill: dict[str, Any]) -> None:
    """By the official schema, in its strict form."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str((workshop.copy / BILL).read_text()) is None
    assert bill["metadata"]["component"]["name"] == APPLICATION


def test_every_distribution_in_the_image_is_in_the_bill_and_no_other(
    root: Path, bill: dict[str, Any]
) -> None:
    """Counted in the image's files, not by the program that looked."""
    installed = {
        re.sub(r"[-_.]+", "-", path.name.split("-")[0]).lower()
        for path in root.glob("*/**/site-packages/*.dist-info")
        if "_vendor" not in path.parts
    }
    # The owner's own are nobody's whom an index knows.
    assert set(components(bill, "pypi")) == installed - set(PROJECTS)
    assert set(PROJECTS) <= set(components(bill, "generic"))
    assert {"flask", "ib-insync", "google-cloud-firestore", "pandas", "pip"} <= installed
    assert not {"pytest", "uv", "pip-audit"} & installed


def test_each_distribution_has_the_hash_that_uv_insisted_on(workshop: Workshop, bill: dict[str, Any]) -> None:
    """All but pip, which comes with Python: the file of uv.lock that was installed, one of this platform's."""
    lock = tomllib.loads((workshop.copy / "uv.lock").read_text())["package"]
    found = components(bill, "pypi")
    without = [name for name, each in found.items() if "hashes" not in each]
    assert without == ["pip"]
    for name, each in found.items():
        if name in without:
            continue
        [package] = [one for one in lock if (one["name"], one["version"]) == (name, each["version"])]
        [url] = [reference["url"] for reference in each["externalReferences"]]
        [file] = [
            one for one in [*package.get("wheels", []), package.get("sdist", {})] if one.get("url") == url
        ]
        assert file["hash"] == f"sha256:{each['hashes'][0]['content']}"
        assert not re.search(r"macos|win_amd64|musllinux|cp31[134]-cp31[134]", url), url


def test_every_debian_package_of_the_image_is_in_the_bill_and_none_that_was_taken_out(
    root: Path, bill: dict[str, Any]
) -> None:
    listed = subprocess.run(
        ["dpkg-query", f"--admindir={root / 'var/lib/dpkg'}", "--show",
         "--showformat=${db:Status-Abbrev}|${Package}|${Version}\n"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    installed = {
        tuple(line.split("|")[1:]) for line in listed.splitlines() if line.startswith(("ii", "iU", "iF"))
    }
    found = components(bill, "deb")
    assert {(each["name"], each["version"]) for each in found.values()} == installed
    assert {"xvfb", "tini", "libc6"} <= set(found)
    assert "libllvm15" not in found


def test_gateway_and_ibc_are_in_the_bill_with_version_and_checksum(
    workshop: Workshop, bill: dict[str, Any]
) -> None:
    """Those that the build insisted on, whatever other tests have pinned since."""
    workshop.pin({})
    pins = tomllib.loads((workshop.copy / "images/pins.toml").read_text())
    found = components(bill, "generic")
    for name, table in (("ib-gateway", "gateway"), ("ibc", "ibc")):
        assert found[name]["version"] == pins[table]["version"]
        assert found[name]["hashes"] == [{"alg": "SHA-256", "content": pins[table]["sha256"]}]
    assert found["python"]["version"].startswith("3.12.")


def test_the_list_says_first_what_must_not_be_passed_on(
    workshop: Workshop, built: subprocess.CompletedProcess[str]
) -> None:
    """IB's gateway not at all, IBC with its source, flask with its notice."""
    text = (workshop.copy / LICENCES).read_text()
    kinds = ("Must not be passed on", "Goes with its source", "Goes with its licence and copyright notices")
    assert [text.index(kind) for kind in kinds] == sorted(text.index(kind) for kind in kinds)
    sections = dict(zip(kinds, re.split("|".join(kinds), text)[1:], strict=True))
    assert "  ib-gateway 10.00: LicenseRef-IB-Gateway\n" in sections[kinds[0]]
    assert "  ibc 3.0.0: GPL-3.0-or-later\n" in sections[kinds[1]]
    assert re.search(r"^  flask [\d.]+: BSD-3-Clause$", sections[kinds[2]], re.MULTILINE)


def test_built_again_both_are_the_same_to_the_byte_and_the_image_says_its_version(
    workshop: Workshop, bill: dict[str, Any]
) -> None:
    """No present time, no random number; nothing is claimed of a commit where there is no git."""
    before = (workshop.copy / BILL).read_bytes(), (workshop.copy / LICENCES).read_bytes()
    assert workshop.build().returncode == 0
    assert ((workshop.copy / BILL).read_bytes(), (workshop.copy / LICENCES).read_bytes()) == before
    assert "timestamp" not in bill["metadata"]
    inspected = json.loads(workshop.buildah("inspect", "--type", "image", APPLICATION))
    labels = inspected["OCIv1"]["config"]["Labels"]
    version = tomllib.loads((workshop.copy / "pyproject.toml").read_text())["project"]["version"]
    assert labels["org.opencontainers.image.version"] == version
    assert "org.opencontainers.image.revision" not in labels
