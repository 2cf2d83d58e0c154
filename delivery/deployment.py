"""One deployment of an image to a stack, with its way back: what `deploy`, `rollback` and `promote` do alike.

Decides the order, such that a deployment that is interrupted anywhere is known to be unfinished: the journal says that
it begins; digest into the stack's file; `pulumi up`; Cloud Run sends it all requests; ready, and smoke; the journal
says how it ended. What does not work is taken back to what served before. Which image, and whether to ask, the sessions
say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.exceptions import GoogleAPICallError

from delivery.google_clients import GoogleClients
from delivery.google_errors import sentence
from delivery.image_journal import deployed_tag, withdrawn_tag
from delivery.image_name import ImageName
from delivery.image_registry import ImageRegistry
from delivery.image_tags import ImageTags
from delivery.operator import identity_token
from delivery.progress import step
from delivery.readiness import Patience, smoke, wait_until_ready
from delivery.refusal import Refusal
from delivery.service_call import ServiceCall
from delivery.serving import check_serving
from delivery.standing import Standing
from delivery.unfinished import deploying_tag, next_moment, paused_tag, schedules_wait

IMAGE_KEY = "ib-trading:image"
PAUSED_KEY = "ib-trading:schedulesPaused"


class DeploymentFailed(Refusal):
    """The image does not work, or not all was done; the text says what serves now and what to do."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Of the digest `target`. `leaves`: the digest that is left for being bad, "" for none."""

    standing: Standing
    clients: GoogleClients
    target: str
    patience: Patience
    leaves: str = ""

    def show(self, *options: str) -> None:
        """What it will do, and Pulumi's preview of it. Refusal where it could not work."""
        print(self.described())
        with step("look whether you may ask the service as its operator"):
            account = self.standing.outputs.operator_account
            identity_token(self.clients, account, f"https://{self.standing.outputs.service_name}")
        self.standing.pulumi.preview(*options, values=self._values(self.target))

    def described(self) -> str:
        standing, back = self.standing, self.standing.previous(self.target)
        lines = [
            f"{standing.stack} ({standing.outputs.service_name} in {standing.pulumi.place.project}) gets the image",
            f"  {self.target}",
            f"in the place of {standing.present}" if standing.present else "as its first: nothing serves yet",
        ]
        if back:
            lines.append(f"If it does not work, back to {back}.")
        if self._pauses:
            lines.append("Its schedules are paused until it is seen to work.")
        return "\n".join(lines)

    def run(self) -> None:
        """DeploymentFailed, or another Refusal, where it is not deployed and seen to work."""
        with step("look for the image"):
            ImageRegistry(self.clients).manifest(self._name, self.target)
        moment = self._begin()
        try:
            service = self._bring_up(self.target)
            self._smoke(service)
        except (Refusal, GoogleAPICallError) as error:
            self._go_back(moment, sentence(error) if isinstance(error, GoogleAPICallError) else str(error))
        self._let_schedules_run()
        self._tags.put(deployed_tag(self._mode, moment), self.target)
        print(f"{self.standing.stack} runs {self.target}")

    def _begin(self) -> datetime:
        journal = self.standing.journal
        try:
            moment = next_moment(journal, self._mode, datetime.now(UTC))
        except ValueError as late:
            raise Refusal(
                f"the last deployment has the time {late}, which is not past yet; set this machine's clock"
            ) from None
        self._tags.put(deploying_tag(self._mode, moment), self.target)
        if self._pauses:
            self._tags.put(paused_tag(self._mode, moment), self.target)
        if self.leaves:
            self._tags.put(withdrawn_tag(self._mode, moment), self.leaves)
        return moment

    def _bring_up(self, digest: str) -> ServiceCall:
        """Answers the service, once it is ready; its address is known only now where it is the first."""
        pulumi, outputs = self.standing.pulumi, self.standing.outputs
        pulumi.configure(self._values(digest))
        pulumi.up()
        with step("ask Cloud Run what serves"):
            check_serving(self.clients, pulumi.place, outputs.service_name, self._name.at(digest))
        service = ServiceCall(self.clients, pulumi.outputs().service_url, outputs.operator_account)
        with step("wait until it is ready"):
            wait_until_ready(service, self._mode, self.patience)
        return service

    def _smoke(self, service: ServiceCall) -> None:
        """On paper alone: on live a login may wake somebody up for its second factor, and readiness is enough."""
        if self._mode == "paper":
            with step("ask for a summary"):
                smoke(service, self._mode, self.patience)

    def _go_back(self, moment: datetime, reason: str) -> None:
        """Always raises: DeploymentFailed."""
        standing, stack = self.standing, self.standing.stack
        print(f"{self.target} does not work: {reason}")
        back = standing.previous(self.target)
        if not back and standing.present == self.target:
            raise DeploymentFailed(
                f"{stack} runs the same image as before, and does not work: {reason}\nSomething else changed; when it"
                f" is mended: {standing.command(self.target)}"
            )
        if not back:
            self._withdraw(moment)
            raise DeploymentFailed(
                f"{self.target} does not work: {reason}\nThere is nothing to go back to: {stack} stays as it is, with"
                f" its schedules paused. Push a better image, then: ./nox -s deploy -- {stack} --image DIGEST"
            )
        print(f"Going back to {back}.")
        try:
            self._bring_up(back)
        except (Refusal, GoogleAPICallError) as error:
            why = sentence(error) if isinstance(error, GoogleAPICallError) else str(error)
            raise DeploymentFailed(
                f"{self.target} does not work: {reason}\nThe way back failed too: {why}\n{stack} needs you:"
                f" {standing.command(back)}"
            ) from None
        self._withdraw(moment)
        raise DeploymentFailed(
            f"{self.target} does not work: {reason}\n{stack} is back at {back}, which is ready"
        )

    def _withdraw(self, moment: datetime) -> None:
        """Moves the mark from what was to be left: that one serves again."""
        self._tags.put(withdrawn_tag(self._mode, moment), self.target)

    def _let_schedules_run(self) -> None:
        standing = self.standing
        if self._pauses or schedules_wait(standing.journal, self._mode):
            print("It works: its schedules are let run.")
            standing.pulumi.configure({PAUSED_KEY: "false"})
            standing.pulumi.up()
        elif standing.wanted.schedules_paused:
            print(f"Its schedules stay paused, as Pulumi.{standing.stack}.yaml says.")

    def _values(self, digest: str) -> dict[str, str]:
        values = {IMAGE_KEY: self._name.at(digest)}
        return values | {PAUSED_KEY: "true"} if self._pauses else values

    @property
    def _pauses(self) -> bool:
        """Whether this deployment pauses the schedules: it is the first, and no person did."""
        return not self.standing.present and not self.standing.wanted.schedules_paused

    @property
    def _mode(self) -> str:
        return self.standing.mode

    @property
    def _name(self) -> ImageName:
        return self.standing.name

    @property
    def _tags(self) -> ImageTags:
        return ImageTags(self.clients, self._name)
