"""Which revisions and images of a stack nothing needs any more, in which order they go, and why the others stay.

Pure: it decides from what was found, and asks nobody. An image stays that any revision anywhere references by its
digest, whatever repository the reference names. Where something could not be looked at, nothing is decided at all.
Leaves to others: what counts as a good deployment and the way back (delivery/registry/journal.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from delivery.console.refusal import Refusal
from delivery.registry.image_name import DIGEST
from delivery.registry.image_tags import Image
from delivery.registry.journal import CANDIDATE, PUSHED, Journal
from delivery.registry.unfinished import begun_last, is_mark, paused_by


class IncompleteInventoryError(Refusal):
    """Something that may need an image is not known; deleting would be guessing."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Of any service. `name` as Cloud Run spells it in full; `images` as its containers name them."""

    name: str
    images: tuple[str, ...]
    created: datetime

    @property
    def service(self) -> str:
        """projects/…/locations/…/services/…"""
        return self.name.partition("/revisions/")[0]

    @property
    def short(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def place(self) -> str:
        return self.name.split("/")[1]


@dataclass(frozen=True, slots=True)
class Service:
    """The stack's own. `uses`: the full name of a revision → why the service needs it, each in a few words: it gets
    traffic, has a traffic tag, is the newest or the newest ready one."""

    name: str
    uses: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that a decision rests on. `image` is the stack's own, without a digest; `images` is all that its repository
    has of it. `revisions` are those of every service in every stack's project and region. `named`: the image, by
    digest, that a stack's file or output names → who names it. `unknown`: what could not be read → why."""

    mode: str
    image: str
    service: Service
    revisions: tuple[Revision, ...]
    images: tuple[Image, ...]
    named: tuple[tuple[str, str], ...]
    present: frozenset[str]
    """The digests that the stack itself has by its file, its output and its service."""
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deletion:
    """`what` is the name: a revision's in full, a tag, or an image's digest."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`revisions` and `images` go, in this order; `kept`: name of a revision or digest of an image → why it stays."""

    revisions: tuple[Revision, ...]
    images: tuple[Image, ...]
    kept: Mapping[str, tuple[str, ...]]

    @property
    def deletions(self) -> tuple[Deletion, ...]:
        """One after the other: what goes before it is what the next one rests on.

        Interrupted in between, nothing may look other than it is. `paused-…` goes first of all: without a later
        `deployed-…`, the schedules would look as if they still waited. Of an image `deployed-…` goes before
        `withdrawn-…` (as the alphabet has it): it must not look like a good one."""
        found = [Deletion(REVISION, one.name) for one in self.revisions]
        tags = [
            Deletion(TAG, tag) for image in self.images for tag in image.tags if tag.startswith("paused-")
        ]
        found += sorted(tags, key=lambda one: one.what)
        for image in self.images:
            found += [one for tag in sorted(image.tags) if (one := Deletion(TAG, tag)) not in tags]
            found.append(Deletion(IMAGE, image.digest))
        return tuple(found)


REVISION, TAG, IMAGE = "revision", "tag", "image"


def decide(inventory: Inventory, keep: int) -> Decision:
    """What goes and what stays, with the newest `keep` (at least 1) revisions and good images.
    IncompleteInventoryError."""
    if keep < 1:
        raise Refusal(f"--keep {keep} would delete what serves; keep at least 1")
    _check_all_is_known(inventory)
    revisions = _why_revisions_stay(inventory, keep)
    going = [one for one in _own(inventory) if one.name not in revisions]
    images = _why_images_stay(inventory, {one.name for one in going}, keep)
    return Decision(
        revisions=tuple(sorted(going, key=lambda one: (one.created, one.name))),
        images=tuple(_parents_first([one for one in inventory.images if one.digest not in images])),
        kept=revisions | images,
    )


def _own(inventory: Inventory) -> list[Revision]:
    return [one for one in inventory.revisions if one.service == inventory.service.name]


def _check_all_is_known(inventory: Inventory) -> None:
    if inventory.unknown:
        raise IncompleteInventoryError(
            "not everything that may need an image could be looked at, so nothing is deleted:\n"
            + "\n".join(f"  {what}: {why}" for what, why in inventory.unknown.items())
        )
    missing = sorted(set(inventory.service.uses) - {one.name for one in inventory.revisions})
    if missing:
        raise IncompleteInventoryError(
            f"{inventory.service.name} uses {', '.join(missing)}, which is not among its revisions; it is changing:"
            " run this again in a minute"
        )
    if _own(inventory) and not inventory.service.uses:
        raise IncompleteInventoryError(
            f"{inventory.service.name} does not say which of its revisions serves; look at it in the console"
        )
    for revision in inventory.revisions:
        for image in revision.images:
            # What a tag meant when the revision was made, nobody can tell: it may have been moved since.
            if not digest_of(image) and (image == inventory.image or image.startswith(f"{inventory.image}:")):
                raise IncompleteInventoryError(
                    f"{revision.name} runs {image}, which may be any image that had this tag; deploy that service by"
                    " digest (…@sha256:…) and delete the revision, then run this again"
                )


def _why_revisions_stay(inventory: Inventory, keep: int) -> dict[str, tuple[str, ...]]:
    own = sorted(_own(inventory), key=lambda one: (one.created, one.name), reverse=True)
    newest = {one.name for one in own[:keep]}
    reasons = {
        one.name: (
            *inventory.service.uses.get(one.name, ()),
            *([_among_newest(keep, "revision")] if one.name in newest else []),
        )
        for one in own
    }
    return {name: why for name, why in reasons.items() if why}


def _why_images_stay(inventory: Inventory, going: Collection[str], keep: int) -> dict[str, tuple[str, ...]]:
    """`going`: the names of the revisions that are deleted before any image is."""
    here = {one.digest: one for one in inventory.images}
    reasons: dict[str, list[str]] = {digest: [] for digest in here}
    for digest, why in _needs(inventory, going, keep):
        if digest in reasons and why not in reasons[digest]:
            reasons[digest].append(why)
    # What a kept index consists of stays with it, and what that consists of.
    waiting = [digest for digest, why in reasons.items() if why]
    while waiting:
        index = waiting.pop()
        for child in here[index].children:
            if child in reasons:
                if not reasons[child]:
                    waiting.append(child)
                reasons[child].append(f"part of {short(index)}")
    return {digest: tuple(why) for digest, why in reasons.items() if why}


def _needs(inventory: Inventory, going: Collection[str], keep: int) -> Iterator[tuple[str, str]]:
    """Digest and why, of all that is needed; a digest may be none of this repository's."""
    for revision in inventory.revisions:
        if revision.name not in going:
            for image in revision.images:
                yield digest_of(image), f"run by {revision.short} in {revision.place}"
    for image, who in inventory.named:
        yield digest_of(image), f"named by {who}"
    journal = Journal({tag: one.digest for one in inventory.images for tag in one.tags})
    yield journal.pushed, "the newest push"
    yield journal.candidate, "the newest candidate"
    for digest in journal.good(inventory.mode)[:keep]:
        yield digest, _among_newest(keep, "good deployment")
    for present in sorted(inventory.present):
        yield journal.before(inventory.mode, present), "the way back"
    # Without it an older beginning would look like the last one, and like one that never ended.
    yield begun_last(journal, inventory.mode), "the last deployment was of it"
    yield paused_by(journal, inventory.mode), "its deployment paused the schedules"
    for one in inventory.images:
        for tag in one.tags:
            if not _of_the_journal(tag, inventory.mode):
                yield one.digest, f"tagged {tag}, which somebody did by hand"


def _of_the_journal(tag: str, mode: str) -> bool:
    moving = tag in (PUSHED, CANDIDATE)
    return moving or is_mark(tag, mode) or tag.startswith((f"deployed-{mode}-", f"withdrawn-{mode}-"))


def _among_newest(keep: int, noun: str) -> str:
    return f"among the newest {keep} {noun}s" if keep > 1 else f"the newest {noun}"


def _parents_first(images: Iterable[Image]) -> Iterator[Image]:
    """The oldest first, but an index before what it consists of: while it is there, the registry refuses to."""
    waiting = sorted(images, key=lambda one: (one.uploaded, one.digest))
    while waiting:
        parts = set(itertools.chain.from_iterable(one.children for one in waiting))
        # None is free only where indexes contain each other, which digests make impossible.
        free = [one for one in waiting if one.digest not in parts] or waiting
        yield from free
        waiting = [one for one in waiting if one not in free]


def short(digest: str) -> str:
    """As much of a digest as a person compares."""
    return digest[: len("sha256:") + 12]


def digest_of(image: str) -> str:
    """Of an image's name, whoever's; "" where it names none."""
    digest = image.rpartition("@")[2]
    return digest if DIGEST.fullmatch(digest) else ""
