"""What is told of an image: licences by what they ask, a bill that is valid, a commit that is the right one."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from delivery.console.refusal import Refusal
from delivery.image.bill_of_materials import written
from delivery.image.builder import BuildError, output_inside
from delivery.image.contents import Part, licences_of, parts_of
from delivery.image.licences import Kind, kind_of, kind_of_part, list_of, unknown
from delivery.image.pins import Download, Pins
from delivery.image.provenance import EPOCH, Provenance, provenance_of

ROOT = Path(__file__).parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FROM = Provenance("0.1.0", COMMIT, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
FLASK = Part(
    "flask", "3.1.3", "pkg:pypi/flask@3.1.3", ("BSD-3-Clause",), "ab" * 32, "https://example.com/f.whl"
)


def part(*licences: str, debian_main: bool = False) -> Part:
    return Part("some", "1", "pkg:generic/some@1", licences, debian_main=debian_main)


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("MIT", Kind.PERMISSIVE),
        ("BSD License", Kind.PERMISSIVE),
        ("Apache Software License", Kind.PERMISSIVE),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", Kind.PERMISSIVE),
        ("GPL-3.0-or-later", Kind.COPYLEFT),
        ("GNU General Public License v3 or later (GPLv3+)", Kind.COPYLEFT),
        ("LGPL-2.1+", Kind.COPYLEFT),
        ("Mozilla Public License 2.0 (MPL 2.0)", Kind.COPYLEFT),
        ("GPL-1+ or Artistic", Kind.PERMISSIVE),
        ("MIT AND GPL-2.0-only", Kind.COPYLEFT),
        ("MIT AND Sommelier-1.0", Kind.UNKNOWN),
        ("LicenseRef-IB-Gateway", Kind.PROPRIETARY),
        ("Other/Proprietary License", Kind.PROPRIETARY),
        ("Sommelier-1.0", Kind.UNKNOWN),
    ],
)
def test_a_licence_is_known_by_what_it_asks_of_who_passes_it_on(licence: str, kind: Kind) -> None:
    """Of a choice the mildest counts, of what holds together the strictest; a name nobody knows is no freedom."""
    assert kind_of(licence) is kind


def test_what_states_no_licence_is_named() -> None:
    assert unknown([FLASK, part()]) == (part(),)
    assert "stated in words only" in list_of("an image", [part()])


def test_a_part_under_several_licences_has_the_strictest() -> None:
    assert kind_of_part(part("MIT", "GPL-2+")) is Kind.COPYLEFT


def test_debian_vouches_for_its_main_area_and_for_nothing_else() -> None:
    """Words that no program reads are free there; a firmware of non-free is not."""
    assert kind_of_part(part(debian_main=True)) is Kind.COPYLEFT
    assert kind_of_part(part("MIT", debian_main=True)) is Kind.PERMISSIVE
    assert kind_of_part(part()) is Kind.UNKNOWN


@pytest.mark.parametrize(
    ("expression", "classifiers", "free_text", "licences"),
    [
        ("MIT OR Apache-2.0", ["BSD License"], "BSD", ("MIT OR Apache-2.0",)),
        ("", ["OSI Approved", "MIT License"], "X", ("MIT License",)),
        ("", ["OSI Approved"], "Apache 2.0", ("Apache 2.0",)),
        ("", [], "Permission is hereby granted,\nfree of charge", ()),
        ("", [], "", ()),
    ],
)
def test_a_distributions_licence_is_read_from_the_newest_field_that_it_has(
    expression: str, classifiers: list[str], free_text: str, licences: tuple[str, ...]
) -> None:
    """The text of a licence is no name of one."""
    each = {"expression": expression, "classifiers": classifiers, "free_text": free_text}
    assert licences_of(each) == licences


def test_a_bill_says_of_what_commit_and_time_it_is() -> None:
    bill = json.loads(written("localhost/ib-trading", FROM, [FLASK]))
    assert bill["metadata"]["timestamp"] == "2026-01-02T03:04:05+00:00"
    [said] = bill["metadata"]["component"]["properties"]
    assert said["value"] == COMMIT
    [component] = bill["components"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert component["licenses"][0]["license"]["id"] == "BSD-3-Clause"


def test_the_same_parts_make_the_same_bill_and_others_another() -> None:
    """The serial number too."""
    first = written("localhost/ib-trading", FROM, [FLASK])
    assert written("localhost/ib-trading", FROM, [FLASK]) == first
    serials = {
        json.loads(written("localhost/ib-trading", FROM, parts))["serialNumber"]
        for parts in ([FLASK], [part()], [FLASK, part()])
    }
    assert len(serials) == 3


@pytest.mark.parametrize(
    "licences", [(), ("MIT OR Apache-2.0",), ("MIT OR Apache-2.0", "GPL-2+"), ("Expat",)]
)
def test_whatever_a_part_states_as_licence_the_bill_is_valid(licences: tuple[str, ...]) -> None:
    """The schema takes an expression only alone, and identifiers only that it knows."""
    assert written("localhost/ib-trading", FROM, [part(*licences)])


def test_a_bill_that_is_not_valid_is_not_written() -> None:
    twice = [FLASK, FLASK]
    with pytest.raises(Refusal, match=r"is not valid CycloneDX 1\.6"):
        written("localhost/ib-trading", FROM, twice)


def checkout(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text('[project]\nname = "ib-trading"\nversion = "0.1.0"\n')
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_clean_checkout_is_labelled_with_its_commit_and_the_commits_time(tmp_path: Path) -> None:
    found = provenance_of(checkout(tmp_path))
    labels = found.labels()
    assert labels["org.opencontainers.image.revision"] == git(tmp_path, "rev-parse", "HEAD")
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert found.time == datetime.fromtimestamp(int(git(tmp_path, "show", "-s", "--format=%ct")), UTC)


@pytest.mark.parametrize("file", ["pyproject.toml", "new.py"])
def test_what_is_in_no_commit_makes_the_label_say_dirty(tmp_path: Path, file: str) -> None:
    """A changed file, or a new one: nobody could build that image again."""
    with (checkout(tmp_path) / file).open("a") as changed:
        changed.write("\n")
    assert provenance_of(tmp_path).labels()["org.opencontainers.image.revision"].endswith("-dirty")


def test_a_copy_without_git_says_nothing_of_the_checkout_around_it(tmp_path: Path) -> None:
    inner = checkout(tmp_path) / "copy"
    inner.mkdir()
    (inner / "pyproject.toml").write_text((tmp_path / "pyproject.toml").read_text())
    assert provenance_of(inner) == Provenance("0.1.0", "", None)
    assert provenance_of(inner, COMMIT).revision == COMMIT


def test_another_commit_than_the_one_that_lies_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="leave the option out"):
        provenance_of(checkout(tmp_path), COMMIT)
    with pytest.raises(Refusal, match="40 hexadecimal digits"):
        provenance_of(tmp_path, "main")


def test_the_time_may_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EPOCH, "1767322445")
    assert provenance_of(checkout(tmp_path)).time == datetime(2026, 1, 2, 2, 54, 5, tzinfo=UTC)
    monkeypatch.setenv(EPOCH, "yesterday")
    with pytest.raises(Refusal, match="must be seconds since 1970"):
        provenance_of(tmp_path)


def tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_docker_and_podman_run_the_program_in_the_image_without_a_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """The image's own Python, in the place of what the image would start, isolated from what lies about."""
    tool(tmp_path, name, f'echo "$@" >"{tmp_path}/asked"; exec {sys.executable} -I -')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert output_inside(name, "localhost/ib-trading", "print(1 + 1)") == "2\n"
    assert (tmp_path / "asked").read_text().split() == (
        "run --rm --interactive --network none --entrypoint /usr/local/bin/python localhost/ib-trading -I -"
    ).split()


def test_a_container_of_buildahs_goes_when_the_look_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool(tmp_path, "buildah", f'echo "$@" >>"{tmp_path}/asked"; [ "$1" != run ] || exit 1; echo ib-working')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BuildError):
        output_inside("buildah", "localhost/ib-trading", "print()")
    assert (tmp_path / "asked").read_text().splitlines()[-1] == "rm ib-working"


def test_an_image_with_another_gateway_than_the_pins_say_gets_no_bill(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They would name a checksum of something else."""
    said = json.dumps(
        {"gateways": ["10.30"], "java": "", "python": "3.12.1", "distributions": [], "packages": []}
    )
    tool(tmp_path, "docker", f"cat >/dev/null; echo '{said}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    pins = Pins("python", Download("10.45", "u", "s"), Download("3", "u", "s"))
    with pytest.raises(Refusal, match=r"has IB Gateway 10\.30, and images/pins\.toml says 10\.45"):
        parts_of("docker", "localhost/ib-trading", pins, ROOT / "uv.lock")


def test_a_library_of_the_owners_is_nobodys_whom_an_index_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By its git address, or by no address at all: PyPI may have something else under that name. What the service and
    the strategies' process both have is there once."""
    installed = {"tags": [], "expression": "MIT", "classifiers": [], "free_text": "", "version": "1"}
    distributions = [installed | {"name": name} for name in ("calm", "boxed", "numpy", "numpy")]
    said = json.dumps(
        {
            "gateways": ["10.45"],
            "java": "",
            "python": "3.12.1",
            "distributions": distributions,
            "packages": [],
        }
    )
    tool(tmp_path, "docker", f"cat >/dev/null; echo '{said}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    sources = {
        "calm": f'git = "https://example.com/calm.git?rev=main#{COMMIT}"',
        "boxed": 'directory = "libraries/boxed"',
        "numpy": 'registry = "https://pypi.org/simple"',
    }
    (tmp_path / "uv.lock").write_text(
        "".join(
            f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ {source} }}\n'
            for name, source in sources.items()
        )
    )
    checksum = "ab" * 32
    pins = Pins("python", Download("10.45", "u", checksum), Download("3", "u", checksum))
    parts = parts_of("docker", "localhost/ib-trading", pins, tmp_path / "uv.lock")
    named = {part.name: part.purl for part in parts if part.kind == "library"}
    assert named == {
        "boxed": "pkg:generic/boxed@1",
        "calm": f"pkg:pypi/calm@1?vcs_url=git%2Bhttps://example.com/calm.git%40{COMMIT}",
        "numpy": "pkg:pypi/numpy@1",
    }
    assert len([part for part in parts if part.name == "numpy"]) == 1
    assert written("localhost/ib-trading", FROM, parts)
