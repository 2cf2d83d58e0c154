"""`python -m delivery.commands.dashboard STACK [--port PORT] [--no-browser]`: shows a stack's page in a browser here,
as its operator, until Ctrl-C.

Decides nothing about the page; who may look, delivery/service/loopback_page.py does. Exit codes: 0 when it was ended by
Ctrl-C while it showed the page, otherwise delivery/commands/session.py.
"""

from __future__ import annotations

import argparse
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.session import ended
from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.service.loopback_page import LoopbackPage
from delivery.service.service_call import ServiceCall
from delivery.stack.pulumi_stack import PulumiStack


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s dashboard --", description="Shows a stack's page in a browser here, as its operator."
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    parser.add_argument("--port", type=int, default=0, help="a port of this machine; a free one if left out")
    parser.add_argument("--no-browser", action="store_true", help="print the link only")
    given = parser.parse_args(arguments)
    return ended("dashboard", lambda: _show(given), "run it again at any time")


def _show(given: argparse.Namespace) -> int:
    stack = PulumiStack.read(given.stack, Path())
    with step(f"where {given.stack} is"):
        outputs = stack.outputs()
    if not outputs.service_url:
        raise Refusal(f"{given.stack} has no service yet; ./nox -s deploy -- {given.stack}")
    service = ServiceCall(GoogleClients(stack.place.project), outputs.service_url, outputs.operator_account)
    with step(f"a token of {outputs.operator_account}"):
        service.token()
    with LoopbackPage(service, given.port) as shown:
        print(f"{outputs.service_url} is shown here, to whoever opens this link first:\n\n  {shown.link}\n")
        print("Ctrl-C ends it.", flush=True)
        try:
            if not given.no_browser:
                # Not before the page is served: some browsers are waited for, and they wait for the page.
                threading.Thread(target=webbrowser.open, args=(shown.link,), daemon=True).start()
            shown.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            print("\nThe page is closed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
