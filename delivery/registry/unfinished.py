"""A deployment whose end nobody saw: its image has a tag `deploying-<mode>-<stamp>`, and none that says how it ended.

Decides how a beginning and its end are spelled and found. A deployment begins with that tag, before anything is
changed, which also keeps Google from deleting an image without a tag; it ends with `deployed-` or `withdrawn-` of the
same mode and stamp on the same image (delivery/registry/journal.py). Only the newest beginning counts.
`paused-<mode>-<stamp>` says that it was a deployment that paused the schedules, because nothing had served before, and
not a person. Nothing of this is ever taken away: that would need the right to delete images. Why: docs/decisions/0039.
"""

from __future__ import annotations

import re
from datetime import datetime

from delivery.registry.journal import Journal, deployed_tag, withdrawn_tag

VERBS = ("deploying", "paused")
"""Those of its tags that are none of the journal's own."""
ENTRY = re.compile(r"(?P<verb>[a-z]+)-(?P<mode>[a-z0-9-]+)-(?P<stamp>[0-9]{8}T[0-9]{6}Z)")


def deploying_tag(mode: str, moment: datetime) -> str:
    return deployed_tag(mode, moment).replace("deployed", "deploying", 1)


def paused_tag(mode: str, moment: datetime) -> str:
    return deployed_tag(mode, moment).replace("deployed", "paused", 1)


def is_mark(tag: str, mode: str) -> bool:
    """Whether a deployment of that mode set it, at its beginning."""
    entry = ENTRY.fullmatch(tag)
    return entry is not None and entry["verb"] in VERBS and entry["mode"] == mode


def begun_last(journal: Journal, mode: str) -> str:
    """The digest whose deployment was begun last, however it ended; "" for none."""
    return journal.tags.get(f"deploying-{mode}-{_newest(journal, 'deploying', mode)}", "")


def paused_by(journal: Journal, mode: str) -> str:
    """The digest whose deployment paused the schedules that wait for a good one, "" where they do not wait."""
    if not schedules_wait(journal, mode):
        return ""
    return journal.tags[f"paused-{mode}-{_newest(journal, 'paused', mode)}"]


def was_begun(journal: Journal, mode: str, digest: str) -> bool:
    """Whether a deployment of the digest was ever begun, however it ended."""
    return any(tag.startswith(f"deploying-{mode}-") and its == digest for tag, its in journal.tags.items())


def unfinished(journal: Journal, mode: str) -> str:
    """The digest whose deployment was begun last and did not end, "" if the last one ended."""
    stamp = _newest(journal, "deploying", mode)
    if not stamp:
        return ""
    digest = journal.tags[f"deploying-{mode}-{stamp}"]
    ends = (f"deployed-{mode}-{stamp}", f"withdrawn-{mode}-{stamp}")
    return "" if digest in {journal.tags.get(end) for end in ends} else digest


def schedules_wait(journal: Journal, mode: str) -> bool:
    """Whether a deployment paused the schedules and none was good since."""
    return _newest(journal, "paused", mode) > _newest(journal, "deployed", mode)


def next_moment(journal: Journal, mode: str, now: datetime) -> datetime:
    """`now`; refuses a clock that is behind the journal's last entry, whose order would then be another.

    Raises ValueError, with the entry's stamp."""
    newest = max(_newest(journal, verb, mode) for verb in ("deploying", "deployed", "withdrawn"))
    if withdrawn_tag(mode, now) <= f"withdrawn-{mode}-{newest}":
        raise ValueError(newest)
    return now


def _newest(journal: Journal, verb: str, mode: str) -> str:
    """The newest stamp of such entries, "" for none; stamps sort as the moments do."""
    entries = filter(None, map(ENTRY.fullmatch, journal.tags))
    stamps = [each["stamp"] for each in entries if (each["verb"], each["mode"]) == (verb, mode)]
    return max(stamps, default="")
