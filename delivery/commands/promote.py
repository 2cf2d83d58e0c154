"""`python -m delivery.commands.promote [--from paper] [--to live] [--yes]`: deploys to one stack what another one runs.

Decides which image: the one that the stack's file, its last update and Cloud Run agree on, and that was seen to work
there. The same bytes are copied into the other stack's repository; nothing is built.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.deploy import add_common, polling
from delivery.commands.session import ended
from delivery.console.confirmation import agreed
from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.registry.image_registry import ImageRegistry
from delivery.registry.journal import PUSHED
from delivery.service.deployment import Deployment
from delivery.service.serving import check_serving
from delivery.stack.configured_strategies import check_strategies
from delivery.stack.stack_state import StackState, read_state

AGAIN = "run it again: what was copied is not copied again, and a deployment that was begun goes on"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s promote --", description="Deploys to one stack what another runs."
    )
    parser.add_argument("--from", dest="source", default="paper", metavar="STACK", help="%(default)s")
    parser.add_argument("--to", dest="target", default="live", metavar="STACK", help="%(default)s")
    add_common(parser)
    given = parser.parse_args(arguments)
    return ended("promote", lambda: _promote(given), AGAIN)


def _promote(given: argparse.Namespace) -> int:
    if given.source == given.target:
        raise Refusal(f"{given.source} runs it already; name two stacks")
    source, target = read_state(given.source, Path()), read_state(given.target, Path())
    digest = verified_digest(source)
    check_strategies(target.pulumi)
    with step(f"ask Cloud Run what {source.stack} serves"):
        clients = GoogleClients(source.pulumi.place.project)
        check_serving(clients, source.pulumi.place, source.outputs.service_name, source.name.at(digest))
    target.settled(digest)
    if target.present == digest and not target.unfinished:
        print(f"{target.stack} runs {digest} already, the same as {source.stack}: nothing to do")
        return 0
    clients = GoogleClients(target.pulumi.place.project)
    deployment = Deployment(target, clients, digest, polling(given.wait))
    print(f"{source.stack} runs {digest}; {target.stack} runs {target.present or 'nothing yet'}.")
    print(f"It is copied from {source.name} to {target.name}, and deployed:")
    deployment.show("--diff")
    if not agreed(f"Promote it to {target.stack}?", sure=given.yes):
        print("nothing was done")
        return 1
    # The tag keeps it until the journal has it: Google deletes what has none.
    ImageRegistry(clients).copy(source.name, digest, target.name, PUSHED)
    deployment.run()
    return 0


def verified_digest(source: StackState) -> str:
    """The digest that the stack runs and that was seen to work there. Refusal, Unsettled."""
    source.settled()
    digest = source.present
    if not digest:
        raise Refusal(f"nothing serves on {source.stack} yet; ./nox -s deploy -- {source.stack}")
    if digest not in source.journal.good(source.mode):
        raise Refusal(
            f"{source.stack} runs {digest}, and no deployment has seen that it works; this looks:"
            f" {source.command(digest)}"
        )
    return digest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
