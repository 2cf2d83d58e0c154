"""The state of a stack: the image that its file says, the one that the last update left, and what its journal tells.

Decides when these contradict each other, and what a person has to choose then. Changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.registry.image_name import ImageName, split
from delivery.registry.image_tags import ImageTags
from delivery.registry.journal import Journal
from delivery.registry.unfinished import unfinished
from delivery.stack.pulumi_stack import Outputs, PulumiStack
from delivery.stack.stack_file import Wanted, read_wanted


class Unsettled(Refusal):
    """What serves is not clear; the text names the commands, one of which a person has to choose."""


@dataclass(frozen=True, slots=True)
class StackState:
    pulumi: PulumiStack
    outputs: Outputs
    wanted: Wanted
    journal: Journal

    @property
    def stack(self) -> str:
        return self.pulumi.place.stack

    @property
    def mode(self) -> str:
        return self.outputs.trading_mode

    @property
    def name(self) -> ImageName:
        """The stack's own image, without a digest."""
        return ImageName.of(self.outputs.repository)

    @property
    def written(self) -> str:
        """The digest in the stack's file, "" for none. Refusal where it names no digest."""
        return _digest(self.wanted.image)

    @property
    def present(self) -> str:
        """The digest that the last complete `pulumi up` left, "" before there was a service."""
        return _digest(self.outputs.image)

    @property
    def unfinished(self) -> str:
        return unfinished(self.journal, self.mode)

    def settled(self, target: str = "") -> None:
        """Unsettled where file, last update and journal do not agree on what serves, unless `target` is what was begun:
        then a deployment of it goes on with that."""
        if self.unfinished:
            if target != self.unfinished:
                raise Unsettled(self._half_done())
        elif self.written != self.present and (self.present or target != self.written):
            raise Unsettled(self._differing())

    def previous(self, target: str) -> str:
        """What a deployment of `target` goes back to if it does not work: what serves now, or the newest good one where
        that was begun and never seen to work. "" where there is none, or it serves already."""
        good = self.journal.good(self.mode)
        # What was good before a repetition of it was interrupted, is good.
        unverified = "" if self.unfinished in good else self.unfinished
        if self.present == target != unverified:
            return ""
        if self.present not in ("", target, unverified):
            return self.present
        return next((digest for digest in good if digest not in (target, unverified)), "")

    def is_way_back(self, digest: str) -> bool:
        """Whether it was seen to work here before, and is not just what serves."""
        return digest in self.journal.good(self.mode) and (digest != self.present or bool(self.unfinished))

    def command(self, digest: str) -> str:
        return f"./nox -s deploy -- {self.stack} --image {digest}"

    def _half_done(self) -> str:
        begun = self.unfinished
        text = (
            f"a deployment of {begun} to {self.stack} was begun, and nobody has seen that it works.\n"
            f"To finish it:  {self.command(begun)}"
        )
        before = self.previous(begun) or self.journal.before(self.mode, begun)
        return f"{text}\nTo go back:    {self.command(before)}" if before else text

    def _differing(self) -> str:
        written = self.written or "no image"
        present = self.present or "nothing yet"
        said = f"Pulumi.{self.stack}.yaml says {written}, and what is deployed is {present}"
        lines = [f"{said}: the file is not the newest, or was edited, or an update was interrupted."]
        if self.written:
            lines.append(f"To deploy what the file says:    {self.command(self.written)}")
        if self.present:
            lines.append(f"To keep what is deployed:        {self.command(self.present)}")
        return "\n".join(lines)


def read_state(stack: str, folder: Path, clients: GoogleClients | None = None) -> StackState:
    """Asks Pulumi and Artifact Registry. Refusal, and what is `refused` (delivery/google/errors.py)."""
    pulumi = PulumiStack.read(stack, folder)
    outputs = pulumi.outputs()
    clients = clients or GoogleClients(pulumi.place.project)
    journal = ImageTags(clients, ImageName.of(outputs.repository)).journal()
    return StackState(pulumi, outputs, read_wanted(stack, folder), journal)


def _digest(image: str) -> str:
    return split(image)[1] if image else ""
