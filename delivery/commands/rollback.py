"""`python -m delivery.commands.rollback STACK [--yes]`: deploys what a stack ran before, and marks what it leaves as
withdrawn.

Decides which image that is: the newest one that was deployed, seen to work and not withdrawn, other than the present
one; where a deployment was begun and not finished, the one it began with if that ever worked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.deploy import add_common, carry_out, polling
from delivery.commands.session import ended
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.service.deployment import Deployment
from delivery.stack.stack_state import StackState, read_state

AGAIN = "run it again: it goes on with the same image"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s rollback --", description="Deploys what a stack ran before."
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    add_common(parser)
    given = parser.parse_args(arguments)
    return ended("rollback", lambda: _roll_back(given), AGAIN)


def _roll_back(given: argparse.Namespace) -> int:
    state = read_state(given.stack, Path())
    target, leaves = rollback_target(state)
    clients = GoogleClients(state.pulumi.place.project)
    deployment = Deployment(state, clients, target, polling(given.wait), leaves)
    return carry_out(deployment, f"Take {state.stack} back to it?", sure=given.yes)


def rollback_target(state: StackState) -> tuple[str, str]:
    """The digest to go to, and the one that is left for being bad ("" where that is said already). Refusal where there
    is none to go to, Unsettled where it is not clear what serves."""
    begun, good = state.unfinished, state.journal.good(state.mode)
    if begun in good:
        return begun, ""
    if not begun:
        state.settled()
    left = begun or state.present
    if not left:
        raise Refusal(f"nothing serves on {state.stack} yet; ./nox -s deploy -- {state.stack}")
    target = state.journal.before(state.mode, left)
    if not target:
        raise Refusal(
            f"{state.stack} has run no other image that was seen to work; deploy one by its digest:"
            f" ./nox -s deploy -- {state.stack} --image DIGEST"
        )
    return target, left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
