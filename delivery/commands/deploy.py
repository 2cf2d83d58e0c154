"""`python -m delivery.commands.deploy STACK [--image DIGEST] [--yes]`: deploys an image, sees that it works, goes back
if not.

Decides which image: the one that is given, or where `pushed` points, or one that is built and pushed first. Stops where
it is not clear what serves, unless an image is given; at one that was withdrawn; and on a live stack at one that was
not promoted to it, unless a digest is given; and where the strategies of this checkout do not fit what the stack's
file configures, unless it goes back to what was seen to work. A build gives `candidate`: what it has pushed and tested
itself, which becomes `pushed` once it was deployed well (docs/decisions/0048).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from delivery.commands.push import LIVE, push
from delivery.commands.session import ended
from delivery.console.confirmation import agreed
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.image.builder import APPLICATION, find_tool, identity
from delivery.registry.image_name import DIGEST, split
from delivery.registry.image_registry import ImageRegistry
from delivery.registry.image_tags import ImageTags
from delivery.registry.journal import CANDIDATE, PUSHED, STAMP
from delivery.registry.unfinished import was_begun
from delivery.service.deployment import Deployment
from delivery.service.readiness import READY_SECONDS, Polling
from delivery.stack.configured_strategies import check_strategies
from delivery.stack.stack_state import StackState, read_state

AGAIN = "run it again: it says what was begun, and which command finishes it or goes back"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./nox -s deploy --", description="Deploys an image to a stack.")
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    parser.add_argument(
        "--image",
        default="",
        help=f"sha256:…, or `{PUSHED}`: the last one pushed, whatever the stack's file says and what was begun, or"
        f" `{CANDIDATE}`: the one that is here, pushed with --candidate; without it the last one pushed where these"
        " agree, and one that is built where none was",
    )
    add_common(parser)
    given = parser.parse_args(arguments)
    return ended("deploy", lambda: _deploy(given), AGAIN)


def add_common(parser: argparse.ArgumentParser) -> None:
    """What `rollback` and `promote` take too."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--wait",
        type=float,
        default=READY_SECONDS,
        metavar="SECONDS",
        help="how long the service may take to be ready (%(default)g)",
    )


def polling(timeout: float) -> Polling:
    """A short wait is asked for more often."""
    return Polling(timeout, min(Polling().interval, max(timeout / 10, 0.1)))


def carry_out(deployment: Deployment, question: str, *options: str, sure: bool) -> int:
    """Shows it, asks, does it; `options` go to Pulumi's preview."""
    deployment.show(*options)
    if not agreed(question, sure=sure):
        print("nothing was done")
        return 1
    deployment.run()
    return 0


def _deploy(given: argparse.Namespace) -> int:
    if given.image not in ("", PUSHED, CANDIDATE) and not DIGEST.fullmatch(given.image):
        given.image = split(given.image)[1]
    state = read_state(given.stack, Path())
    clients = GoogleClients(state.pulumi.place.project)
    if not given.image:
        state.settled()
    if not state.is_way_back(given.image):
        check_strategies(state.pulumi)
    target = _target(given.image, state, clients)
    if not DIGEST.fullmatch(given.image):
        _check_not_withdrawn(state, target)
    deployment = Deployment(state, clients, target, polling(given.wait))
    code = carry_out(deployment, f"Deploy it to {state.stack}?", sure=given.yes)
    if not code and given.image == CANDIDATE:
        ImageTags(clients, state.name).put(PUSHED, target)
        print(f"It has passed: `{PUSHED}` is now {target}")
    return code


def _target(image: str, state: StackState, clients: GoogleClients) -> str:
    if DIGEST.fullmatch(image):
        return image
    if state.mode == LIVE:
        return _promoted(state)
    if image == CANDIDATE:
        return _own_candidate(state, clients)
    return state.journal.pushed or _built(state, clients)


def _promoted(state: StackState) -> str:
    """What was pushed last, if its deployment to live was begun before. Refusal: a new image comes from paper."""
    pushed = state.journal.pushed
    if not was_begun(state.journal, state.mode, pushed):
        raise Refusal(
            f"{state.stack} trades real money, and takes no image that paper has not run:"
            f" ./nox -s promote -- --to {state.stack}"
        )
    return pushed


def _check_not_withdrawn(state: StackState, target: str) -> None:
    """Refusal where it was left for being bad, and nobody says that it is meant all the same."""
    stamp = state.journal.withdrawn(state.mode, target)
    if stamp:
        moment = datetime.strptime(f"{stamp}+0000", f"{STAMP}%z")
        raise Refusal(
            f"{target} is what would be deployed, and was withdrawn from {state.stack} at"
            f" {moment:%Y-%m-%d %H:%M:%S} UTC; push a better one, or, if it is meant: {state.command(target)}"
        )


def _own_candidate(state: StackState, clients: GoogleClients) -> str:
    """The candidate's digest. Refusal where it is not the image that is here, and so not the one that was tested here:
    of two builds under way, the second moves the tag while the first one tests."""
    candidate = state.journal.candidate
    if not candidate:
        raise Refusal(f"{state.name} has no candidate; ./nox -s push -- {state.stack} --candidate")
    manifest = ImageRegistry(clients).manifest(state.name, candidate)
    tool = find_tool()
    here = identity(tool, APPLICATION)
    if not here:
        raise Refusal(
            f"{tool} has no image {APPLICATION}, so nothing was tested here; what was tested elsewhere is"
            f" deployed by its digest: {state.command(candidate)}"
        )
    if here not in {candidate, *(blob.digest for blob in manifest.blobs)}:
        raise Refusal(
            f"the candidate {candidate} is not {APPLICATION} as it is here: another build has pushed its own"
            " since, and deploys it when it has passed; push this one again as a candidate, or say --image DIGEST"
        )
    return candidate


def _built(state: StackState, clients: GoogleClients) -> str:
    # Needs more libraries than a deployment; `promote` and `rollback`, which import this file, never build.
    from delivery.commands import images

    print(f"Nothing was pushed to {state.name} yet: the image is built and pushed first.")
    if images.main([]):
        raise Refusal("the image was not built, so nothing was deployed; it says why above")
    return push(state.name, clients)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
