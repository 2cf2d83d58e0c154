"""Reads images/accepted-vulnerabilities.toml: what is known, judged harmless here, and looked at again by a date.

Decides what an acceptance must say, and how far ahead it may end.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from delivery.advisories.vulnerabilities import Finding
from delivery.console.refusal import Refusal

FILE = Path("images/accepted-vulnerabilities.toml")
LONGEST = timedelta(days=180)
"""Half a year: longer is forgotten, and what is forgotten is not judged."""

_KEYS = {"package", "id", "reason", "expires"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """`expires` is the first day on which it does not hold any more."""

    package: str
    id: str
    reason: str
    expires: date

    def is_about(self, finding: Finding) -> bool:
        return self.package == finding.of.name and self.id in finding.ids

    def __str__(self) -> str:
        return f"{self.package} {self.id}"


def read_accepted(file: Path, today: date) -> tuple[Accepted, ...]:
    """Refusal for another shape, for what gives no reason, and for what has expired or would for too long not."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Refusal(f"{file}: {error}") from None
    if not set(found) <= {"accepted"}:
        raise Refusal(f"{file} must have [[accepted]] tables and nothing else")
    return tuple(_accepted(file, table, today) for table in found.get("accepted", []))


def _accepted(file: Path, table: dict[str, Any], today: date) -> Accepted:
    texts = [table.get(key) for key in ("package", "id", "reason")]
    if set(table) != _KEYS or not all(isinstance(text, str) and text.strip() for text in texts):
        raise Refusal(f"{file}: each [[accepted]] needs {', '.join(sorted(_KEYS))}, with words in them")
    expires = table["expires"]
    if type(expires) is not date:
        raise Refusal(f"{file}: expires is a day, as in: expires = 2030-01-31")
    accepted = Accepted(canonicalize_name(table["package"]), table["id"], table["reason"], expires)
    if expires <= today:
        raise Refusal(
            f"{file}: {accepted} was accepted until {expires} ({accepted.reason}); upgrade, or judge it again and"
            " write a new date"
        )
    if expires > today + LONGEST:
        raise Refusal(
            f"{file}: {accepted} is accepted until {expires}; {LONGEST.days} days ahead is the most"
        )
    return accepted
