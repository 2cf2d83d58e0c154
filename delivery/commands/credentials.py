"""`python -m delivery.commands.credentials STACK [--stdin] [--keep-old | --yes]`: takes the broker's user name and
password, and adds them as a version to the stack's secret; then offers to destroy the versions before it.

Decides what is accepted before anything is sent, and which versions may go: never the new one, nor one that was added
after it. What the service can read, schema/credentials.py decides. The credentials are in this process's memory and in
one TLS request; nowhere else. Exit codes: delivery/commands/session.py.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from delivery.commands.session import ended
from delivery.console.confirmation import agreed
from delivery.console.hidden_input import ask_twice, harden_process
from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.stack.pulumi_stack import PulumiStack
from ib_trading.schema.credentials import GatewayCredentials, read_credentials

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretVersion

MOST_BYTES = 65_536
"""Of a version, by Secret Manager's limits (https://cloud.google.com/secret-manager/quotas)."""
AGAIN = "what is destroyed stays so, a version that was added stays; run it again at any time"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s credentials --",
        description="Keeps the broker's user name and password as a version of the stack's secret.",
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    parser.add_argument(
        "--stdin",
        action="store_true",
        help='read {"userName": "…", "password": "…"} from standard input, not from the terminal',
    )
    old = parser.add_mutually_exclusive_group()
    old.add_argument("--keep-old", action="store_true", help="do not offer to destroy the versions before")
    old.add_argument("--yes", action="store_true", help="destroy the versions before without asking")
    given = parser.parse_args(arguments)
    return ended("credentials", lambda: _keep(given), AGAIN)


def _keep(given: argparse.Namespace) -> int:
    harden_process()
    # Whatever a library would say of what it sends, at whichever level somebody has set.
    logging.disable(logging.CRITICAL)
    if given.stdin == sys.stdin.isatty():
        raise Refusal(
            "what is typed would be seen; leave --stdin out"
            if given.stdin
            else "there is no terminal to ask on; --stdin reads one JSON object from standard input"
        )
    stack = PulumiStack.read(given.stack, Path())
    with step(f"where {given.stack} keeps its credentials"):
        outputs = stack.outputs()
    project = stack.place.project
    secret = f"projects/{project}/secrets/{outputs.secret}"
    clients = GoogleClients(project)
    print(f"\nThis adds a version to {secret},")
    print(f"with which the service of {given.stack} logs in to a {outputs.trading_mode} account.")
    print("What you type is not shown, and kept nowhere else.\n")
    credentials = _from_stdin() if given.stdin else _from_terminal()
    added = _add(clients, secret, credentials)
    print(f"\nThe service reads version {number(added)} when it starts the gateway the next time.")
    print("A gateway that runs now goes on with what it has.")
    if not given.keep_old:
        _offer_to_destroy(clients, secret, added, sure=given.yes)
    return 0


def _from_terminal() -> GatewayCredentials:
    user_name = ask_twice("user name", wrong=complaint)
    return GatewayCredentials(user_name, ask_twice("password", wrong=complaint))


def _from_stdin() -> GatewayCredentials:
    """Refusal, which repeats nothing of what was read."""
    found = read_credentials(sys.stdin.buffer.read(MOST_BYTES + 1))
    if isinstance(found, str):
        raise Refusal(f"standard input does not do: {found}")
    for name, text in (("userName", found.user_name), ("password", found.password)):
        if wrong := complaint(text):
            raise Refusal(f"standard input does not do: {name}: {wrong}")
    return found


def complaint(text: str) -> str:
    """What is wrong with a user name or password, "" for nothing. What the broker's login page cannot take was pasted
    with too much around it: a wrong one is tried at the broker, which locks accounts."""
    if not text:
        return "it is empty"
    if text != text.strip():
        return "it begins or ends with white space"
    if not text.isprintable():
        return "it has a control character"
    return ""


def _add(clients: GoogleClients, secret: str, credentials: GatewayCredentials) -> SecretVersion:
    """Refusal where Google's copy may differ, or nobody knows whether there is one."""
    import google_crc32c
    from google.api_core import exceptions

    payload = credentials.spelled()
    if read_credentials(payload) != credentials:
        raise Refusal("the service could not read this; nothing was sent")
    with step("a new version"):
        try:
            added = clients.secrets.add_secret_version(
                request={
                    "parent": secret,
                    "payload": {"data": payload, "data_crc32c": google_crc32c.value(payload)},
                }
            )
        except exceptions.NotFound:
            raise Refusal(f"{secret} is not there; `pulumi up` makes it") from None
        except (exceptions.ServerError, exceptions.RetryError) as error:
            raise Refusal(
                f"Google did not say whether the version was added ({error.message.rstrip('.')});"
                " run this again: one more does no harm"
            ) from None
    if not added.client_specified_payload_checksum:
        raise Refusal(f"Google did not check version {number(added)} against its checksum; run this again")
    return added


def _offer_to_destroy(clients: GoogleClients, secret: str, added: SecretVersion, *, sure: bool) -> None:
    """One after the other, the oldest first; the first that Google refuses ends it."""
    versions = list(clients.secrets.list_secret_versions(parent=secret))
    old = before(versions, added)
    if not old:
        return
    print("\nThe versions before it:\n")
    for version in old:
        at = version.create_time.strftime("%Y-%m-%d %H:%M UTC")
        print(f"  {number(version):>4}  {version.state.name.lower():<9} added {at}")
    if not agreed("Destroy them? They can be brought back for a while only.", sure=sure):
        print("They stay.")
        return
    for version in old:
        with step(f"version {number(version)} is destroyed"):
            gone = clients.secrets.destroy_secret_version(name=version.name)
        if gone.scheduled_destroy_time:
            until = gone.scheduled_destroy_time.strftime("%Y-%m-%d %H:%M UTC")
            print(
                f"  until {until}: gcloud secrets versions enable {number(gone)} --secret={secret.rpartition('/')[2]}"
            )


def before(versions: Sequence[SecretVersion], added: SecretVersion) -> list[SecretVersion]:
    """Those older than `added` that are still there and not about to go, oldest first."""
    from google.cloud.secretmanager_v1 import SecretVersion

    return sorted(
        (
            version
            for version in versions
            if number(version) < number(added)
            and version.state is not SecretVersion.State.DESTROYED
            and not version.scheduled_destroy_time
        ),
        key=number,
    )


def number(version: SecretVersion) -> int:
    """Secret Manager counts a secret's versions from 1."""
    return int(version.name.rpartition("/")[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
