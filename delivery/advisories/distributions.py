"""Which Python distributions a vulnerability would matter in: all that ship, build, test or deploy.

Decides which groups of pyproject.toml count. A new one counts until somebody writes here why it does not.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from delivery.console.refusal import Refusal

LEFT_OUT = {
    "bigquery-stand-in": "plays BigQuery for tests, in an environment of its own",
    "client-ib-async": "other people's client, asks the simulator in an environment of its own",
    "client-ibapi": "the same",
    "client-ibapi-latest": "the same",
    "client-ibapi-stable": "the same",
}
"""Groups, with why. None ships, runs with an identity, or shares an environment with what does. All others count: the
tests and linters too, since the pipeline runs them with the rights to deploy."""

STRATEGIES = "strategies"
"""The group whose distributions may come from a git address: an author's own, which no database knows."""

PINNED_ELSEWHERE = (Path("nox"), Path("images/application/uv.txt"))
"""What runs before uv.lock can be read, as name==version."""

PIN = re.compile(r"(?<![\w.-])([A-Za-z0-9][\w.-]*)==([0-9][\w.!+-]*)")


@dataclass(frozen=True, order=True, slots=True)
class Distribution:
    """`name` is normalised (PEP 503), `version` too (PEP 440)."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def distribution(name: str, version: str) -> Distribution:
    """InvalidVersion."""
    return Distribution(canonicalize_name(name), str(Version(version)))


def counted_groups(root: Path) -> tuple[str, ...]:
    """Refusal where pyproject.toml has not all that is left out: a name was changed, and something may be missed."""
    try:
        groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise Refusal(
            f"pyproject.toml cannot be read ({error}); run this in the project's own folder"
        ) from None
    if gone := sorted(set(LEFT_OUT) - set(groups)):
        raise Refusal(
            f"pyproject.toml has no group {', '.join(gone)} any more; mend delivery/advisories/distributions.py"
        )
    return tuple(sorted(set(groups) - set(LEFT_OUT)))


def all_that_count(root: Path) -> tuple[Distribution, ...]:
    """For every platform and Python that uv.lock is for: a marker that is false here may be true where it runs.

    uv itself says what its lock holds (`uv export`, docs.astral.sh/uv/concepts/projects/export). Refusal where it
    cannot, or holds what has no version to ask about and is no library of strategies.
    """
    ours = without_version(root)
    lines = _exported(root, counted_groups(root)).splitlines()
    found = set(_pins("\n".join(line for line in lines if _requirement(line) not in ours), "uv.lock"))
    for file in PINNED_ELSEWHERE:
        pins = [distribution(*pair) for pair in PIN.findall((root / file).read_text(encoding="utf-8"))]
        if not pins:
            raise Refusal(f"{file} pins nothing as name==version; mend delivery/advisories/distributions.py")
        found.update(pins)
    return tuple(sorted(found))


def without_version(root: Path) -> tuple[str, ...]:
    """Libraries of strategies that come from an address, each as name @ address. Refusal where uv cannot say."""
    lines = map(_requirement, _exported(root, (STRATEGIES,)).splitlines())
    return tuple(sorted(line for line in lines if " @ " in line))


def rounds(distributions: Iterable[Distribution]) -> tuple[tuple[Distribution, ...], ...]:
    """No round has a name twice, which pip-audit refuses; uv.lock has some in a version for older Pythons too."""
    by_name: dict[str, list[Distribution]] = {}
    for one in sorted(distributions):
        by_name.setdefault(one.name, []).append(one)
    depth = max(map(len, by_name.values()), default=0)
    return tuple(tuple(all_of[i] for all_of in by_name.values() if len(all_of) > i) for i in range(depth))


def _exported(root: Path, groups: Iterable[str]) -> str:
    # -I: whatever lies in the folder, it is the installed uv that is asked.
    command = [sys.executable, "-I", "-m", "uv", "export", "--quiet", "--frozen", "--no-default-groups"]
    command += [f"--group={group}" for group in groups]
    command += ["--no-emit-local", "--no-hashes", "--no-annotate", "--no-header", "--color=never"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refusal(f"uv cannot read uv.lock: {done.stderr.strip()}\nuv lock mends it")
    return done.stdout


def _requirement(line: str) -> str:
    """Without the marker that says where it is installed."""
    return line.partition(";")[0].strip()


def _pins(exported: str, source: str) -> Sequence[Distribution]:
    found = []
    for line in filter(None, map(str.strip, exported.splitlines())):
        requirement = _requirement(line)
        name, _, version = requirement.partition("==")
        try:
            found.append(distribution(name, version))
        except InvalidVersion:
            raise Refusal(
                f"{source}: {line!r} is no version of a package index, so that nobody can be asked about it;"
                " depend on a released version"
            ) from None
    if not found:
        raise Refusal(f"{source} holds nothing; uv lock makes it")
    return found
