"""`python -m delivery.commands.push STACK [--candidate] [--tool NAME]`: puts the image that `images` built into the
stack's own repository, under the tag `pushed`, and prints its digest.

Decides nothing about what is deployed: that is `deploy`, which finds the newest push by the same tag. What has not
passed yet is pushed as a candidate, under a tag of that name, which `deploy` takes where it is told to alone
(docs/decisions/0048). Exit codes as all sessions have them, see delivery/commands/session.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.session import ended
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.image.builder import APPLICATION, TOOLS, Login, architecture, find_tool, is_here
from delivery.image.builder import push as upload
from delivery.registry.connection import USER
from delivery.registry.image_name import ImageName
from delivery.registry.image_registry import ImageRegistry
from delivery.registry.image_tags import ImageTags
from delivery.registry.journal import CANDIDATE, PUSHED
from delivery.stack.pulumi_stack import PulumiStack

LIVE = "live"
"""The mode of a stack that trades real money."""
ARCHITECTURE = "amd64"
"""What Cloud Run runs (cloud.google.com/run/docs/container-contract#languages)."""
AGAIN = "run it again at any time, what the repository has is not sent twice"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s push --", description="Pushes the image into a stack's repository."
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    parser.add_argument(
        "--candidate", action="store_true", help="it has not passed yet: `deploy` takes it when told to"
    )
    parser.add_argument("--tool", choices=TOOLS, help="the first of them that works, unless given")
    given = parser.parse_args(arguments)
    tag = CANDIDATE if given.candidate else PUSHED
    return ended("push", lambda: _push(given.stack, tag, given.tool), AGAIN)


def push(name: ImageName, clients: GoogleClients, tag: str = PUSHED, tool: str | None = None) -> str:
    """Pushes the local image under the tag; answers its digest, sha256:…. Says what it does before and while it does
    it. Refusal where the image was not built, or for another kind of machine, where the repository is not there, or a
    right is missing."""
    tool = find_tool(tool)
    if not is_here(tool, APPLICATION):
        raise Refusal(f"{tool} has no image {APPLICATION} yet: ./nox -s images -- --tool {tool}")
    built_for = architecture(tool, APPLICATION)
    if built_for != ARCHITECTURE:
        raise Refusal(
            f"{APPLICATION} was built for {built_for}, and Cloud Run runs {ARCHITECTURE}; build it again:"
            f" ./nox -s images -- --tool {tool}"
        )
    ImageTags(clients, name).require_upload()
    here = clients.endpoints.registry
    host = here or name.host
    print(f"Pushing {APPLICATION} as {name.tagged(tag)} by {tool}:", flush=True)
    login = Login(host, USER, clients.access_token())
    upload(tool, APPLICATION, f"{host}/{name.path}:{tag}", login, encrypted=not here)
    digest = ImageRegistry(clients).digest(name, tag)
    if not digest:
        raise Refusal(f"{tool} says that it pushed, and {name} has no tag {tag}; run this again")
    return digest


def _push(stack: str, tag: str, tool: str | None) -> int:
    pulumi = PulumiStack.read(stack, Path())
    outputs = pulumi.outputs()
    if outputs.trading_mode == LIVE:
        raise Refusal(
            f"{stack} trades real money, and takes no image that paper has not run: push to paper, deploy, then"
            f" ./nox -s promote -- --to {stack}"
        )
    name = ImageName.of(outputs.repository)
    digest = push(name, GoogleClients(pulumi.place.project), tag, tool)
    chosen = f" --image {CANDIDATE}" if tag == CANDIDATE else ""
    print(f"\n{name.at(digest)}\n\nNext: ./nox -s deploy -- {stack}{chosen}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
