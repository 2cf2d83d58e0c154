"""`python -m delivery.rollback STACK [--yes]`: deploys what a stack ran before, and marks what it leaves as withdrawn.

Decides which image that is: the newest one that was deployed, seen to work and not withdrawn, other than the present
one; where a deployment was begun and not finished, the one it began with if that ever worked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.deploy import add_common, carry_out, patience
from delivery.deployment import Deployment
from delivery.google_clients import GoogleClients
from delivery.refusal import Refusal
from delivery.session import ended
from delivery.standing import Standing, look

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
    standing = look(given.stack, Path())
    target, leaves = way_back(standing)
    clients = GoogleClients(standing.pulumi.place.project)
    deployment = Deployment(standing, clients, target, patience(given.wait), leaves)
    return carry_out(deployment, f"Take {standing.stack} back to it?", sure=given.yes)


def way_back(standing: Standing) -> tuple[str, str]:
    """The digest to go to, and the one that is left for being bad ("" where that is said already). Refusal where there
    is none to go to, Unsettled where it is not clear what serves."""
    begun, good = standing.unfinished, standing.journal.good(standing.mode)
    if begun in good:
        return begun, ""
    if not begun:
        standing.settled()
    left = begun or standing.present
    if not left:
        raise Refusal(f"nothing serves on {standing.stack} yet; ./nox -s deploy -- {standing.stack}")
    target = standing.journal.before(standing.mode, left)
    if not target:
        raise Refusal(
            f"{standing.stack} has run no other image that was seen to work; deploy one by its digest:"
            f" ./nox -s deploy -- {standing.stack} --image DIGEST"
        )
    return target, left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
