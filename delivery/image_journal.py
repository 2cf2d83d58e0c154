"""The journal of deployments: the tags on a stack's images, which no other file or machine has to remember.

Decides what they say: `pushed` is where the newest push is, `deployed-<mode>-<stamp>` was deployed then,
`withdrawn-<mode>-<stamp>` was left then for being bad. A digest is good whose newest `deployed-` has no newer
`withdrawn-`. Stamps are UTC, YYYYMMDDTHHMMSSZ. Other tags are nobody's business here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

PUSHED = "pushed"


def deployed_tag(mode: str, moment: datetime) -> str:
    """`moment` must know its zone."""
    raise NotImplementedError


def withdrawn_tag(mode: str, moment: datetime) -> str:
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Journal:
    """`tags` of one image: tag → digest."""

    tags: Mapping[str, str]

    @property
    def pushed(self) -> str:
        """The digest of the newest push, "" for none."""
        raise NotImplementedError

    def good(self, mode: str) -> tuple[str, ...]:
        """The distinct digests that were deployed and not withdrawn since, the newest deployment first."""
        raise NotImplementedError

    def before(self, mode: str, present: str) -> str:
        """The newest good digest other than the present one, "" for none."""
        raise NotImplementedError

    def of(self, digest: str) -> tuple[str, ...]:
        """All the tags that a digest has, sorted."""
        raise NotImplementedError
