"""What ties a file to one machine or one vendor: absolute paths of somebody's disk, private package hosts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.architecture.tree import Violation

# A path is absolute when nothing that could belong to a longer path or address stands before its first slash.
MACHINE_PATH = re.compile(r"(?<![\w.$}~*-])/(?:work|root|home|Users|mnt|workspace)/[\w.-]+")
# In an image these folders are the image's own.
IMAGE_FOLDERS = ("images/",)
PRIVATE_HOST = re.compile(
    r"[\w-]*(?:artifactory|jfrog|nexus|mirror)[\w-]*\.[\w.-]+|[\w.-]+\.(?:corp|lan|intranet)\b"
)
PUBLIC_PACKAGE_HOSTS = {"pypi.org", "files.pythonhosted.org"}


def names_no_machine(path: str, source: str) -> list[Violation]:
    found = [
        *([] if path.startswith(IMAGE_FOLDERS) else _found(MACHINE_PATH, source, "a path of one machine")),
        *_found(PRIVATE_HOST, source, "a private host"),
    ]
    remedy = "name it relative to the project, or let the environment tell it"
    return [Violation(path, line, wrong, remedy) for line, wrong in found]


def _found(pattern: re.Pattern[str], source: str, kind: str) -> Iterator[tuple[int, str]]:
    for line, text in enumerate(source.splitlines(), start=1):
        for match in pattern.finditer(text):
            yield line, f"{kind}, {match[0]}"


def lock_names_public_hosts(path: str, source: str) -> list[Violation]:
    """Every package of uv.lock comes from the public index (or is this project), and every file from its host."""
    remedy = "lock again with the default index: `uv lock --default-index https://pypi.org/simple`"
    violations: list[Violation] = []
    for package in tomllib.loads(source).get("package", []):
        files = [package.get("sdist", {}), *package.get("wheels", [])]
        addresses = [package["source"].get("registry"), *(file.get("url") for file in files)]
        sources = {urlsplit(address).netloc for address in addresses if address} - PUBLIC_PACKAGE_HOSTS
        if not package["source"].keys() & {"registry", "editable"}:
            sources.add(str(package["source"]))
        wrong = (f"{package['name']} comes from {source}" for source in sorted(sources))
        violations.extend(Violation(path, 1, each, remedy) for each in wrong)
    return violations
