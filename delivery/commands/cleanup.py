"""`python -m delivery.commands.cleanup STACK [--keep 3] [--alone] [--yes]`: deletes what a stack no longer needs.

Shows everything that stays with its reason and everything that goes, asks, then deletes one after the other and stops
at the first refusal. What goes is delivery/stack/retention.py's to decide, what exists delivery/stack/inventory.py's to
read. Run again, it goes on where it was; a second run does nothing.

An image is deleted without force: Google refuses while it has a tag, and a deployment sets one before it begins. So
what somebody deploys at this very moment is not deleted under them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from google.api_core.exceptions import NotFound

from delivery.commands.session import ended
from delivery.console.confirmation import agreed
from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import refused, sentence
from delivery.registry.image_name import ImageName
from delivery.registry.image_tags import Image, ImageTags
from delivery.stack.inventory import InventoryReader
from delivery.stack.pulumi_stack import PulumiStack
from delivery.stack.retention import IMAGE, REVISION, TAG, Decision, Deletion, Inventory, decide, short

AGAIN = "what was deleted is gone, the rest is as it was; run it again at any time"
KEEP = 3
SLOW = "Google began to delete it and has not said that it is gone; run this again in some minutes"
MEGABYTE = 1_000_000


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s cleanup --",
        description="Deletes a stack's revisions and images that nothing needs any more; shows them first.",
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    parser.add_argument(
        "--keep",
        type=int,
        default=KEEP,
        metavar="N",
        help=f"how many of the newest revisions and of the newest good images stay ({KEEP})",
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="look into no other stack's project and state, as the build may not: only at their files",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args(arguments)
    cleanup = Cleanup(given.stack, Path(), given.keep, given.alone)
    return ended("cleanup", lambda: cleanup.run(sure=given.yes), AGAIN)


@dataclass(frozen=True, slots=True)
class Cleanup:
    """Of one stack of the checkout in `folder`."""

    stack: str
    folder: Path
    keep: int
    alone: bool

    def run(self, *, sure: bool) -> int:
        stack = PulumiStack.read(self.stack, self.folder)
        clients = GoogleClients(stack.place.project)
        inventory, notes = self._look(stack, clients, "looking at every stack, service and image")
        decision = decide(inventory, self.keep)
        print("\n".join(_listed(inventory, decision, notes)))
        if not decision.deletions:
            print("\nNothing to delete.")
            return 0
        if not agreed("Delete them?", sure=sure):
            print("cleanup: nothing was deleted", file=sys.stderr)
            return 1
        if not sure:
            self._check_nothing_changed(stack, clients, decision)
        _delete(decision.deletions, clients, inventory)
        print(f"\nDone: {_counted(decision)} deleted.")
        return 0

    def _look(self, stack: PulumiStack, clients: GoogleClients, why: str) -> tuple[Inventory, list[str]]:
        reader = InventoryReader(self.folder, self.alone)
        with step(why):
            return reader.read(stack, stack.outputs(), clients), reader.notes

    def _check_nothing_changed(self, stack: PulumiStack, clients: GoogleClients, shown: Decision) -> None:
        """An answer may take an hour, in which somebody deploys."""
        inventory, _ = self._look(stack, clients, "looking whether that is still so")
        if decide(inventory, self.keep).deletions != shown.deletions:
            raise Refusal(
                "something was deployed, pushed or deleted since the list was made; nothing was deleted:"
                " run this again for the new one"
            )


def _delete(deletions: Sequence[Deletion], clients: GoogleClients, inventory: Inventory) -> None:
    """One after the other. Refusal at the first that Google refuses, with what is left."""
    tags = ImageTags(clients, ImageName.of(inventory.image.rpartition("/")[0]))
    for number, deletion in enumerate(deletions):
        try:
            with step(f"{number + 1}/{len(deletions)} delete {_spelled(deletion)}"):
                _delete_one(deletion, clients, tags)
        except (TimeoutError, Refusal, *refused()) as error:
            left = "\n".join(f"  {_spelled(one)}" for one in deletions[number:])
            why = _why(error)
            raise Refusal(
                f"{why}\n{number} of {len(deletions)} were deleted; these are left:\n{left}"
            ) from error


def _why(error: Exception) -> str:
    if isinstance(error, refused()):
        return sentence(error)
    return SLOW if isinstance(error, TimeoutError) else str(error)


def _delete_one(deletion: Deletion, clients: GoogleClients, tags: ImageTags) -> None:
    """What is gone already is no error: Cloud Run itself deletes old revisions, and a person may have."""
    if deletion.kind == REVISION:
        try:
            clients.revisions.delete_revision(name=deletion.what).result()
        except NotFound:
            return
    elif deletion.kind == TAG:
        tags.take_away(deletion.what)
    elif deletion.kind == IMAGE:
        tags.delete(deletion.what)
    else:
        raise ValueError(deletion.kind)


def _spelled(deletion: Deletion) -> str:
    what = deletion.what.rpartition("/")[2]
    return f"{deletion.kind} {short(what) if deletion.kind == IMAGE else what}"


def _listed(inventory: Inventory, decision: Decision, notes: Sequence[str]) -> list[str]:
    """What a person reads before they agree."""
    lines = [f"\n{inventory.service.name}\n{inventory.image}"]
    lines += [f"  {note}" for note in notes]
    stay = [f"  {_named(what)}  {'; '.join(why)}" for what, why in decision.kept.items()]
    lines += ["\nThese stay:", *(stay or ["  nothing is there"])]
    if decision.deletions:
        lines.append("\nThese go:")
        lines += [
            f"  {_named(one.name)}  made {one.created:%Y-%m-%d %H:%M} UTC" for one in decision.revisions
        ]
        lines += [f"  {_named(one.digest)}  {_described(one)}" for one in decision.images]
        lines.append(f"\n{_counted(decision)}.")
    if decision.images:
        size = sum(one.size for one in decision.images)
        lines.append(f"At most {_megabytes(size)} are freed: images share layers.")
    return lines


def _named(what: str) -> str:
    return f"image    {short(what)}" if what.startswith("sha256:") else f"revision {what.rpartition('/')[2]}"


def _described(image: Image) -> str:
    tags = ", ".join(sorted(image.tags)) or "no tag"
    return f"{_megabytes(image.size)}, pushed {image.uploaded:%Y-%m-%d %H:%M} UTC, {tags}"


def _counted(decision: Decision) -> str:
    revisions, images = len(decision.revisions), len(decision.images)
    return f"{revisions} revision{'s' * (revisions != 1)} and {images} image{'s' * (images != 1)}"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.1f} MB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
