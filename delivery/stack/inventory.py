"""What a cleanup has to know before it decides: every stack, every service where one of them lives, the images.

Asks and changes nothing. What cannot be read is noted as unknown, all of it, so that one sentence says everything that
is in the way; delivery/stack/retention.py decides nothing then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from google.api_core.exceptions import NotFound

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import refused, sentence
from delivery.registry.image_name import ImageName
from delivery.registry.image_tags import ImageTags
from delivery.stack.pulumi_stack import NotDeployedError, Outputs, PulumiStack
from delivery.stack.retention import Inventory, Revision, Service, digest_of
from delivery.stack.stack_file import Place, is_placed, read_wanted, stacks

if TYPE_CHECKING:
    from google.cloud import run_v2


@dataclass
class InventoryReader:
    """Of the checkout in `folder`. `alone`: of the other stacks only what their files say, and no other project."""

    folder: Path
    alone: bool = False
    named: list[tuple[str, str]] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What was not looked at, and why that does not matter."""
    places: set[tuple[str, str]] = field(default_factory=set)
    """(project, region) in which services are looked at."""

    def read(self, own: PulumiStack, outputs: Outputs, clients: GoogleClients) -> Inventory:
        """All that is there. Errors of what only the stack itself has are raised: Refusal, and what is `refused`."""
        for stack in stacks(self.folder):
            self._read_stack(stack, own.place, outputs)
        name = ImageName.of(outputs.repository)
        # The service before its revisions: one that is made in between is then one more, not one too few.
        service = _service(own.place, outputs, clients)
        images = ImageTags(clients, name).images()
        revisions = tuple(self._revisions(clients))
        serving = [image for one in revisions if one.name in service.uses for image in one.images]
        present = (read_wanted(own.place.stack, self.folder).image, outputs.image, *serving)
        return Inventory(
            mode=outputs.trading_mode,
            image=str(name),
            service=service,
            revisions=revisions,
            images=images,
            named=tuple(self.named),
            present=frozenset(digest for image in present if (digest := digest_of(image))),
            unknown=self.unknown,
        )

    def _read_stack(self, stack: str, own: Place, outputs: Outputs) -> None:
        """What `stack` names, and where it lives; `outputs` are those of `own`."""
        try:
            image = read_wanted(stack, self.folder).image
            if image:
                self.named.append((image, f"Pulumi.{stack}.yaml"))
            elif not is_placed(stack, self.folder):
                self.notes.append(
                    f"{stack}: its file names no project and no image, so it was never deployed"
                )
                return
            there = PulumiStack.read(stack, self.folder)
            if stack != own.stack:
                if self.alone:
                    self.notes.append(f"{stack}: its file alone was read, as --alone asks")
                    return
                outputs = there.outputs()
        except NotDeployedError:
            self.notes.append(f"{stack}: nothing was deployed yet")
            return
        except Refusal as refusal:
            self.unknown[f"the stack {stack}"] = str(refusal)
            return
        if outputs.image:
            self.named.append((outputs.image, f"the output of {stack}"))
        self.places.add((there.place.project, there.place.region))

    def _revisions(self, clients: GoogleClients) -> Iterator[Revision]:
        for project, region in sorted(self.places):
            there = clients if project == clients.project else GoogleClients(project, clients.endpoints)
            parent = f"projects/{project}/locations/{region}/services/-"
            try:
                for one in there.revisions.list_revisions(parent=parent):
                    images = tuple(container.image for container in one.containers)
                    yield Revision(_full(parent, one), images, one.create_time)
            except refused() as error:
                self.unknown[f"the services in {project}, {region}"] = sentence(error)


def _full(parent: str, revision: run_v2.Revision) -> str:
    """With its service, of which Cloud Run lists all here."""
    service = parent.removesuffix("-") + revision.service.rpartition("/")[2]
    return f"{service}/revisions/{revision.name.rpartition('/')[2]}"


def _service(place: Place, outputs: Outputs, clients: GoogleClients) -> Service:
    """NotFound where the stack says that it has a service."""
    name = f"projects/{place.project}/locations/{place.region}/services/{outputs.service_name}"
    try:
        found = clients.services.get_service(name=name)
    except NotFound:
        if outputs.image:
            raise
        return Service(name)
    return Service(name, {f"{name}/revisions/{short}": tuple(why) for short, why in _uses(found).items()})


def _uses(service: run_v2.Service) -> dict[str, list[str]]:
    """The short name of a revision → why the service needs it, by what it was told and by what it does.

    A target of the type "latest" names no revision; it is the newest ready one. Without any target, all goes there."""
    uses: dict[str, list[str]] = defaultdict(list)
    ready = service.latest_ready_revision.rpartition("/")[2]
    targets = [*service.traffic_statuses, *service.traffic]
    if not targets:
        uses[ready].append("gets 100% of the traffic")
    for target in targets:
        revision = target.revision.rpartition("/")[2] or ready
        if target.percent:
            uses[revision].append(f"gets {target.percent}% of the traffic")
        if target.tag:
            uses[revision].append(f"has the traffic tag {target.tag}")
        if not (target.percent or target.tag):
            uses[revision].append("is a target of traffic")
    uses[ready].append("the newest ready one")
    uses[service.latest_created_revision.rpartition("/")[2]].append("the newest one")
    return {revision: list(dict.fromkeys(why)) for revision, why in uses.items() if revision}
