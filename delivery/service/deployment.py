"""One deployment of an image to a stack, with its way back: what `deploy`, `rollback` and `promote` do alike.

Decides the order, such that a deployment that is interrupted anywhere is known to be unfinished: the journal says that
it begins; digest into the stack's file; `pulumi up`; Cloud Run sends it all requests; ready, and smoke; the journal
says how it ended. What does not work is taken back to what served before; where nobody could look, or Pulumi failed
before it came to the service, nothing is said of the image. Which image, and whether to ask, the sessions say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import refused, sentence
from delivery.google.operator import identity_token
from delivery.registry.image_name import ImageName
from delivery.registry.image_registry import ImageRegistry
from delivery.registry.image_tags import ImageTags
from delivery.registry.journal import deployed_tag, withdrawn_tag
from delivery.registry.unfinished import deploying_tag, next_moment, paused_tag, schedules_wait
from delivery.service.readiness import NotWorking, Polling, smoke, wait_until_ready
from delivery.service.service_call import ServiceCall
from delivery.service.serving import DoesNotStart, NotServing, check_serving, wait_until_serving
from delivery.stack.pulumi_stack import PulumiError, PulumiStack
from delivery.stack.stack_state import StackState

IMAGE_KEY = "ib-trading:image"
PAUSED_KEY = "ib-trading:schedulesPaused"
NOT_RECORDED = (
    "If the next update says 409, the service exists and is not recorded; docs/deploying.md has what to do under"
    ' "When something went wrong".'
)


class DeploymentFailed(Refusal):
    """The image does not work, or not all was done; the text says what serves now and what to do."""


class Incomplete(Refusal):
    """The image serves and works, and Pulumi could not do all the rest."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Of the digest `target`. `leaves`: the digest that is left for being bad, "" for none."""

    state: StackState
    clients: GoogleClients
    target: str
    polling: Polling
    leaves: str = ""

    def show(self, *options: str) -> None:
        """What it will do, and Pulumi's preview of it. Refusal where it could not work."""
        print(self.described())
        with step("look whether you may ask the service as its operator"):
            account = self.state.outputs.operator_account
            identity_token(self.clients, account, f"https://{self.state.outputs.service_name}")
        self.state.pulumi.preview(*options, values=self._values(self.target))

    def described(self) -> str:
        state, back = self.state, self.state.previous(self.target)
        lines = [
            f"{state.stack} ({state.outputs.service_name} in {state.pulumi.place.project}) gets the image",
            f"  {self.target}",
            f"in the place of {state.present}" if state.present else "as its first: nothing serves yet",
        ]
        if back:
            lines.append(f"If it does not work, back to {back}.")
        if stamp := state.journal.withdrawn(self._mode, self.target):
            lines.append(f"It was withdrawn before, at {stamp}.")
        if self._pauses:
            lines.append("Its schedules are paused until it is seen to work.")
        return "\n".join(lines)

    def run(self) -> None:
        """DeploymentFailed, or another Refusal, where it is not deployed and seen to work."""
        with step("look for the image"):
            ImageRegistry(self.clients).manifest(self._name, self.target)
        moment = self._begin()
        try:
            self._bring_up(self.target, smoked=True)
        except (NotWorking, DoesNotStart) as bad:
            self._go_back(moment, str(bad))
        except Incomplete as error:
            again = self.state.command(self.target)
            raise DeploymentFailed(f"{error} Once the cause is gone, this goes on: {again}") from None
        except (Refusal, *refused()) as error:
            self._leave_unverified(error)
        self._let_schedules_run()
        self._tags.put(deployed_tag(self._mode, moment), self.target)
        print(f"{self.state.stack} runs {self.target}")

    def _begin(self) -> datetime:
        journal = self.state.journal
        try:
            moment = next_moment(journal, self._mode, datetime.now(UTC))
        except ValueError as late:
            raise Refusal(
                f"the last deployment has the time {late}, which is not past yet; set this machine's clock"
            ) from None
        # First what a repetition cannot know: interrupted after any of them, it finds what it needs.
        if self.leaves:
            self._tags.put(withdrawn_tag(self._mode, moment), self.leaves)
        self._tags.put(deploying_tag(self._mode, moment), self.target)
        if self._pauses:
            self._tags.put(paused_tag(self._mode, moment), self.target)
        return moment

    def _bring_up(self, digest: str, *, smoked: bool) -> None:
        """Until it serves and is ready; on paper, where it is to be `smoked`, it has given a summary too: on live a
        login may wake somebody up for its second factor. NotWorking and DoesNotStart speak of the image, all else that
        is raised does not."""
        pulumi, outputs = self.state.pulumi, self.state.outputs
        pulumi.configure(self._values(digest))
        failed = _failed_update(pulumi)
        with step("ask Cloud Run what serves"):
            try:
                self._wait_until_serving(digest, settled=failed is not None)
            except DoesNotStart as bad:
                raise DoesNotStart(f"{failed}\nCloud Run says: {bad}" if failed else str(bad)) from None
            except (Refusal, *refused()):
                if failed:
                    raise failed from None
                raise
        # Its address is known only now where it is the first.
        service = ServiceCall(self.clients, pulumi.outputs().service_url, outputs.operator_account)
        if failed and not service.url:
            raise failed
        with step("wait until it is ready"):
            wait_until_ready(service, self._mode, self.polling)
        if smoked and self._mode == "paper":
            with step("ask for a summary"):
                smoke(service, self._mode, self.polling)
        if failed:
            raise Incomplete(f"{failed}\n{digest} serves and works, but not all else was updated.")

    def _wait_until_serving(self, digest: str, *, settled: bool) -> None:
        place, service = self.state.pulumi.place, self.state.outputs.service_name
        image = self._name.at(digest)
        wait_until_serving(self.clients, place, service, image, self.polling, settled=settled)

    def _leave_unverified(self, error: Exception) -> NoReturn:
        """The image was not judged: it stays begun in the journal. Where the former one still serves, the stack's file
        says it again."""
        state, stack, why = self.state, self.state.stack, _said(error)
        again = f"To look again:  {state.command(self.target)}"
        if isinstance(error, PulumiError) and state.present not in ("", self.target) and self._untouched():
            state.pulumi.configure({IMAGE_KEY: self._name.at(state.present)})
            raise DeploymentFailed(
                f"{why}\nNothing is known of {self.target}: {stack} still runs {state.present}, and its file says so"
                f" again. Once the cause is gone, this goes on: {state.command(self.target)}"
            )
        back = state.previous(self.target)
        lines = [f"{why}\nNobody has seen whether {self.target} works, and it may serve.", again]
        if back:
            lines.append(f"To go back:     {state.command(back)}")
        raise DeploymentFailed("\n".join([*lines, self._about_schedules()]))

    def _untouched(self) -> bool:
        """Whether Cloud Run is seen to send everything to what served before."""
        state = self.state
        image = self._name.at(state.present)
        try:
            check_serving(self.clients, state.pulumi.place, state.outputs.service_name, image)
        except (NotServing, *refused()):
            return False
        return True

    def _go_back(self, moment: datetime, reason: str) -> NoReturn:
        state, stack = self.state, self.state.stack
        bad = f"{self.target} does not work: {reason}"
        print(bad)
        back = state.previous(self.target)
        if not back and state.present == self.target:
            raise DeploymentFailed(
                f"{stack} runs the same image as before, and does not work: {reason}\nSomething else changed; when it"
                f" is mended: {state.command(self.target)}\n{self._about_schedules()}"
            )
        if not back:
            self._stay(moment, bad)
        print(f"Going back to {back}.")
        try:
            self._bring_up(back, smoked=False)
        except (Refusal, *refused()) as error:
            raise DeploymentFailed(
                f"{bad}\nThe way back failed too: {_said(error)}\n{stack} needs you: {state.command(back)}"
                f"\n{self._about_schedules()}"
            ) from None
        self._withdraw(moment)
        self._let_schedules_run_again(moment, back, f"{bad}\n{stack} is back at {back}, which is ready")
        raise DeploymentFailed(f"{bad}\n{stack} is back at {back}, which is ready")

    def _stay(self, moment: datetime, bad: str) -> NoReturn:
        """There is nothing to go back to: what does not work serves, and nothing may call it."""
        stack = self.state.stack
        if not self._paused:
            print("There is nothing to go back to: its schedules are paused.")
            try:
                self._tags.put(paused_tag(self._mode, moment), self.target)
                self.state.pulumi.configure({PAUSED_KEY: "true"})
                self.state.pulumi.up()
            except (Refusal, *refused()) as error:
                raise DeploymentFailed(
                    f"{bad}\nThere is nothing to go back to, and its schedules could not be paused:"
                    f" {_said(error)}\n{self._about_schedules()}"
                ) from None
        self._withdraw(moment)
        raise DeploymentFailed(
            f"{bad}\nThere is nothing to go back to: {stack} stays as it is, with its schedules paused. Push a better"
            f" image, then: ./nox -s deploy -- {stack} --image DIGEST"
            + ("" if self.state.present else f"\n{NOT_RECORDED}")
        )

    def _withdraw(self, moment: datetime) -> None:
        """Moves the mark from what was to be left: that one serves again."""
        self._tags.put(withdrawn_tag(self._mode, moment), self.target)

    def _let_schedules_run(self) -> None:
        state = self.state
        if self._pauses or schedules_wait(state.journal, self._mode):
            print("It works: its schedules are let run.")
            state.pulumi.configure({PAUSED_KEY: "false"})
            state.pulumi.up()
        elif state.wanted.schedules_paused:
            print(f"Its schedules stay paused, as Pulumi.{state.stack}.yaml says.")

    def _let_schedules_run_again(self, moment: datetime, back: str, text: str) -> None:
        """After a good way back: what paused them is over. The journal says so, with an entry for what came back."""
        state = self.state
        if not (self._pauses or schedules_wait(state.journal, self._mode)):
            return
        try:
            self._let_schedules_run()
        except Refusal as error:
            raise DeploymentFailed(
                f"{text}\nIts schedules are still paused: {error}\nThis lets them run: {state.command(back)}"
            ) from None
        self._tags.put(deployed_tag(self._mode, moment), back)

    def _about_schedules(self) -> str:
        if self._paused:
            return "Its schedules are paused."
        stack = self.state.stack
        return (
            "Its schedules go on; these pause them:"
            f" pulumi config set {PAUSED_KEY} true --stack {stack} && pulumi up --stack {stack}"
        )

    def _values(self, digest: str) -> dict[str, str]:
        values = {IMAGE_KEY: self._name.at(digest)}
        return values | {PAUSED_KEY: "true"} if self._pauses else values

    @property
    def _pauses(self) -> bool:
        """Whether this deployment pauses the schedules: it is the first, and no person did."""
        return not self.state.present and not self.state.wanted.schedules_paused

    @property
    def _paused(self) -> bool:
        """Whether the schedules are paused while it is deployed, by whomever."""
        return self._pauses or self.state.wanted.schedules_paused

    @property
    def _mode(self) -> str:
        return self.state.mode

    @property
    def _name(self) -> ImageName:
        return self.state.name

    @property
    def _tags(self) -> ImageTags:
        return ImageTags(self.clients, self._name)


def _failed_update(pulumi: PulumiStack) -> PulumiError | None:
    """Not raised: an update may fail before it comes to the service, in it, and after it."""
    try:
        pulumi.up()
    except PulumiError as error:
        return error
    return None


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, Refusal) else sentence(error)
