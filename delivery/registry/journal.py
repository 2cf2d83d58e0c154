"""The journal of deployments: the tags on a stack's images, which no file and no machine has to remember.

Decides what they say: `pushed` is what a plain `deploy` takes, `candidate` what a build has pushed and not deployed yet
(docs/decisions/0048); `deployed-<mode>-<stamp>` was deployed then, `withdrawn-<mode>-<stamp>` was left then for being
bad. A digest is good whose newest `deployed-` has no newer
`withdrawn-`; of the same second the withdrawal counts. Stamps are UTC, YYYYMMDDTHHMMSSZ. Other tags are nobody's
business here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PUSHED = "pushed"
CANDIDATE = "candidate"
STAMP = "%Y%m%dT%H%M%SZ"
ENTRY = re.compile(r"(?P<verb>deployed|withdrawn)-(?P<mode>[a-z0-9-]+)-(?P<stamp>[0-9]{8}T[0-9]{6}Z)")


def deployed_tag(mode: str, moment: datetime) -> str:
    """`moment` knows its zone."""
    return f"deployed-{mode}-{_stamp(moment)}"


def withdrawn_tag(mode: str, moment: datetime) -> str:
    """`moment` knows its zone."""
    return f"withdrawn-{mode}-{_stamp(moment)}"


@dataclass(frozen=True, slots=True)
class Journal:
    """`tags` of one image: tag → digest."""

    tags: Mapping[str, str]

    @property
    def pushed(self) -> str:
        """The digest of the newest push, "" for none."""
        return self.tags.get(PUSHED, "")

    @property
    def candidate(self) -> str:
        """The digest of the newest candidate, "" for none; it may have passed or failed since."""
        return self.tags.get(CANDIDATE, "")

    def good(self, mode: str) -> tuple[str, ...]:
        """The distinct digests that were deployed and not withdrawn since, the newest deployment first."""
        deployed, withdrawn = self._newest("deployed", mode), self._newest("withdrawn", mode)
        good = [digest for digest in deployed if deployed[digest] > withdrawn.get(digest, "")]
        return tuple(sorted(good, key=lambda digest: (deployed[digest], digest), reverse=True))

    def before(self, mode: str, present: str) -> str:
        """The newest good digest other than the present one, "" for none."""
        return next((digest for digest in self.good(mode) if digest != present), "")

    def withdrawn(self, mode: str, digest: str) -> str:
        """The stamp at which the digest was withdrawn, "" where it never was or was good since."""
        stamp = self._newest("withdrawn", mode).get(digest, "")
        return "" if self._newest("deployed", mode).get(digest, "") > stamp else stamp

    def of(self, digest: str) -> tuple[str, ...]:
        """All the tags that a digest has, sorted."""
        return tuple(sorted(tag for tag, its in self.tags.items() if its == digest))

    def _newest(self, verb: str, mode: str) -> dict[str, str]:
        """Digest → the newest stamp; stamps sort as the moments do."""
        found: dict[str, str] = {}
        for tag, digest in self.tags.items():
            entry = ENTRY.fullmatch(tag)
            if entry and (entry["verb"], entry["mode"]) == (verb, mode):
                found[digest] = max(found.get(digest, ""), entry["stamp"])
        return found


def _stamp(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} says no zone")
    return moment.astimezone(UTC).strftime(STAMP)
