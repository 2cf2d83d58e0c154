"""Says what is in an image: run by the image's own Python, inside it, with this text on standard input.

Prints JSON: `python`, `debian` (a release), `distributions`, `packages`, `gateways` and `java`, with the licences that
each of them states about itself. Decides nothing about them. Standard library only, and nothing is written.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

SITE_PACKAGES = ("opt/*/lib/python3*/site-packages", "usr/local/lib/python3*/site-packages")
DPKG_STATUS = "var/lib/dpkg/status"
DOCUMENTS = "usr/share/doc"
COMMON_LICENCE = re.compile(r"/usr/share/common-licenses/([A-Za-z]+(?:-[\d.]*\d)?)")


def main(root: Path) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "debian": _release(root),
        "distributions": [
            _distribution(found)
            for pattern in SITE_PACKAGES
            for folder in sorted(root.glob(pattern))
            for found in metadata.distributions(path=[str(folder)])
        ],
        "packages": [_package(root, paragraph) for paragraph in _installed(root)],
        "gateways": sorted(folder.name for folder in root.glob("opt/ibgateway/*") if folder.is_dir()),
        "java": _java(root),
    }


def _distribution(found: metadata.Distribution) -> dict[str, Any]:
    """Licences as the distribution's metadata has them (PEP 639, and what was before it)."""
    said = found.metadata

    def first(field: str) -> str:
        return (said.get_all(field) or [""])[0]

    wheel = found.read_text("WHEEL") or ""
    classifiers = [text for text in said.get_all("Classifier") or [] if text.startswith("License ::")]
    return {
        "name": said["Name"],
        "version": found.version,
        "tags": re.findall(r"^Tag: (\S+)", wheel, re.MULTILINE),
        "expression": first("License-Expression"),
        "classifiers": [text.rpartition(":: ")[2] for text in classifiers],
        "free_text": first("License"),
    }


def _installed(root: Path) -> list[dict[str, str]]:
    """The paragraphs of dpkg's status file, of packages whose files are there (deb-control(5): `Key: value`)."""
    paragraphs = []
    for text in (root / DPKG_STATUS).read_text(encoding="utf-8").split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", text, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            paragraphs.append(fields)
    return paragraphs


def _package(root: Path, fields: dict[str, str]) -> dict[str, Any]:
    return {
        "name": fields["Package"],
        "version": fields["Version"],
        "architecture": fields["Architecture"],
        "section": fields.get("Section", ""),
        "licences": _licences(root / DOCUMENTS / fields["Package"] / "copyright"),
    }


def _licences(copyright_file: Path) -> list[str]:
    """The names after `License:` where the file can be read by programs (debian.org/doc/packaging-manuals/
    copyright-format/1.0), else those of Debian's common licences that it refers to."""
    try:
        text = copyright_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    if "copyright-format" in text or text.startswith("Format:"):
        found = re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)
    else:
        found = COMMON_LICENCE.findall(text)
    return sorted({name.strip() for name in found})


def _release(root: Path) -> str:
    try:
        return (root / "etc/debian_version").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _java(root: Path) -> str:
    """What the gateway's Java says of itself in its `release` file; "" where it has none."""
    program = root / "usr/local/bin/gateway-java"
    release = program.resolve().parent.parent / "release"
    if not release.is_file():
        return ""
    fields = dict(re.findall(r'^(\w+)="(.*)"$', release.read_text(encoding="utf-8"), re.MULTILINE))
    return " ".join(filter(None, (fields.get("IMPLEMENTOR"), fields.get("JAVA_VERSION"))))


if __name__ == "__main__":
    json.dump(main(Path("/")), sys.stdout)
