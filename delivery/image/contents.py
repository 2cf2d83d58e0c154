"""What is in a built image: each part with its version, where it came from, its licences and its checksum.

Decides where each fact is from. What is installed, the image says itself: a program runs in it, which docker, podman
and buildah all can, where their archives of layers differ. Checksums are those that the build insisted on, of uv.lock
and images/pins.toml.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packageurl import PackageURL
from packaging.utils import canonicalize_name, parse_wheel_filename

from delivery.console.refusal import Refusal
from delivery.image.builder import output_inside
from delivery.image.pins import Download, Pins

PROGRAM = Path(__file__).with_name("contents_program.py")

GATEWAY_LICENCE = "LicenseRef-IB-Gateway"
"""Interactive Brokers' own agreement, which whoever installs the gateway accepts; it is proprietary."""
IBC_LICENCE = "GPL-3.0-or-later"
"""Its sources: "either version 3 of the License, or (at your option) any later version" (github.com/IbcAlpha/IBC)."""
PROGRAM_KIND = "application"
LONGEST_NAME = 60
"""Characters. Before PEP 639 the field `License` had a name or the whole text, and a text is no name."""


@dataclass(frozen=True, slots=True)
class Part:
    """`purl` names it for everybody (github.com/package-url/purl-spec); `licences` are their names as the part states
    them; `sha256` is of what it was installed from, at `url`, each "" where nobody states it; `look` is where a person
    reads on; `debian_main` is whether Debian vouches that it is free software; `kind` is CycloneDX's word."""

    name: str
    version: str
    purl: str
    licences: tuple[str, ...]
    sha256: str = ""
    url: str = ""
    look: str = ""
    debian_main: bool = False
    kind: str = "library"


def parts_of(tool: str, image: str, pins: Pins, lock: Path) -> tuple[Part, ...]:
    """Sorted by purl. BuildError where the image cannot be looked into, Refusal where it is not as it was built."""
    found = json.loads(output_inside(tool, image, PROGRAM.read_text(encoding="utf-8")))
    locked = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    if found["gateways"] != [pins.gateway.version]:
        raise Refusal(
            f"{image} has IB Gateway {', '.join(found['gateways']) or 'nowhere'}, and images/pins.toml says"
            f" {pins.gateway.version}; build it again"
        )
    parts = [
        _downloaded("ib-gateway", pins.gateway, GATEWAY_LICENCE, f"/opt/ibgateway/{pins.gateway.version}"),
        _downloaded("ibc", pins.ibc, IBC_LICENCE, "/opt/ibc"),
        Part(
            "python",
            found["python"],
            f"pkg:generic/python@{found['python']}",
            ("PSF-2.0",),
            kind=PROGRAM_KIND,
        ),
        *(_distribution(each, locked) for each in found["distributions"]),
        *(_package(each, found["debian"]) for each in found["packages"]),
    ]
    if java := found["java"]:
        purl = PackageURL("generic", None, "java", java.rpartition(" ")[2]).to_string()
        # It comes in the gateway's installer and says its licences there, not in a form that programs read.
        parts.append(
            Part("java", java, purl, (), look=f"/opt/ibgateway/{pins.gateway.version}", kind=PROGRAM_KIND)
        )
    # The service and the strategies' process have some in common, each in its own environment.
    return tuple(sorted(set(parts), key=lambda part: part.purl))


def _downloaded(name: str, download: Download, licence: str, look: str) -> Part:
    purl = PackageURL(
        "generic", None, name, download.version,
        {"download_url": download.url, "checksum": f"sha256:{download.sha256}"},
    ).to_string()  # fmt: skip
    return Part(
        name, download.version, purl, (licence,), download.sha256, download.url, look, kind=PROGRAM_KIND
    )


def _package(each: Mapping[str, Any], release: str) -> Part:
    qualifiers = {"arch": each["architecture"], "distro": f"debian-{release}"}
    purl = PackageURL("deb", "debian", each["name"], each["version"], qualifiers).to_string()
    look = f"/usr/share/doc/{each['name']}/copyright"
    # A section of another area has that in front: non-free/x11 (debian.org/doc/debian-policy, 2.4).
    main = bool(each["section"]) and "/" not in each["section"]
    return Part(each["name"], each["version"], purl, tuple(each["licences"]), look=look, debian_main=main)


def _distribution(each: Mapping[str, Any], locked: Sequence[Mapping[str, Any]]) -> Part:
    name = canonicalize_name(each["name"])
    purl, look = _named(name, each["version"], locked)
    file = _installed_from(name, each, locked)
    return Part(
        name,
        each["version"],
        purl,
        licences_of(each),
        file.get("hash", "").removeprefix("sha256:"),
        file.get("url", ""),
        look,
    )


def _named(name: str, version: str, locked: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Its purl, and where to read on. What strategies have by a git address or a path has a name of its author's, and
    may be something else than what PyPI has under it."""
    sources = [one["source"] for one in locked if (one["name"], one.get("version")) == (name, version)]
    source = sources[0] if sources else {}
    if git := source.get("git"):
        address, commit = git.partition("?")[0].partition("#")[0], git.rpartition("#")[2]
        at = f"git+{address}@{commit}"
        return PackageURL("pypi", None, name, version, {"vcs_url": at}).to_string(), address
    if path := source.get("directory") or source.get("path"):
        return PackageURL("generic", None, name, version).to_string(), path
    purl = PackageURL("pypi", None, name, version).to_string()
    return purl, f"its metadata, or https://pypi.org/project/{name}/{version}/"


def licences_of(each: Mapping[str, Any]) -> tuple[str, ...]:
    """The expression of PEP 639, else the classifiers that name a licence, else a name in the old free field."""
    if each["expression"]:
        return (each["expression"],)
    if named := [text for text in each["classifiers"] if text != "OSI Approved"]:
        return tuple(sorted(named))
    text = each["free_text"].strip()
    return (text,) if text and len(text) <= LONGEST_NAME and "\n" not in text else ()


def _installed_from(
    name: str, each: Mapping[str, Any], locked: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The one wheel of uv.lock whose tags the installed one has; or the sources, where there is no wheel. Nothing for
    what is not locked (pip, which comes with Python) or fits several."""
    tags = set(each["tags"])
    for package in locked:
        if package["name"] == name and package["version"] == each["version"]:
            wheels = package.get("wheels", [])
            fitting = [wheel for wheel in wheels if tags & _tags(wheel["url"])]
            if len(fitting) == 1:
                return fitting[0]
            return {} if wheels else package.get("sdist", {})
    return {}


def _tags(url: str) -> set[str]:
    return {str(tag) for tag in parse_wheel_filename(url.rpartition("/")[2])[3]}
