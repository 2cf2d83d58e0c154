"""`python -m delivery.commands.call STACK QUESTION [BODY] [--key KEY] [--yes] [--json]`: asks a stack's service
something as its operator, and shows the answer so that a person can read it.

Decides how a call that trades can be repeated: its Idempotency-Key is shown before it is sent, and whoever names it
again gets the outcome of that very run. Exit codes: 0 for an answer below 300, 1 otherwise;
delivery/commands/session.py.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import shutil
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.session import ended
from delivery.console.confirmation import agreed
from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.service.answer_page import page, problem_page
from delivery.service.questions import Question, checked_key, question
from delivery.service.service_call import ServiceAnswer, ServiceCall, answer_of, lines_of
from delivery.stack.pulumi_stack import Outputs, PulumiStack

KEY = "Idempotency-Key"
WIDEST = 120
FROM_GOOGLE = {
    401: "Cloud Run does not know the caller; run this again",
    403: "Cloud Run does not let {account} in; `pulumi up` grants it roles/run.invoker, which counts after a minute",
    404: "there is no service at {url}; is the stack's state old? `pulumi refresh`, then `pulumi up`",
    429: "no instance of the service is free; wait a minute, then run this again",
    500: "the service's instance broke off; its log has why",
    503: "the service does not start or broke off; its log has why",
    504: "the service took longer than Cloud Run lets it; `./nox -s call -- {stack} runs` shows what became of it",
}
"""What an answer without JSON means: it is Cloud Run's own (https://cloud.google.com/run/docs/troubleshooting)."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s call --",
        description="Asks a stack's service something as its operator; docs/intents.md says what there is.",
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    parser.add_argument("question", help="allocation, summary, ready, runs, runs/ID, explain/REF, …")
    parser.add_argument("body", nargs="?", default="", help="""JSON, such as '{"dryRun": true}'""")
    parser.add_argument("--key", help="the Idempotency-Key of an earlier call: its outcome, not another run")
    parser.add_argument("--yes", action="store_true", help="do not ask before live trades")
    parser.add_argument("--json", action="store_true", help="print the answer as it came")
    given = parser.parse_args(arguments)
    # Made here, so that whoever interrupts is told what to ask with.
    key = given.key or f"call-{uuid.uuid4().hex}"
    return ended("call", lambda: _ask(given, key), _again(given, key))


def _again(given: argparse.Namespace, key: str) -> str:
    with contextlib.suppress(Refusal):
        if question(given.question, given.body).trades:
            return f"what the service has begun it goes on with; its outcome:\n  {_repeated(given, key)}"
    return "run it again at any time"


def _repeated(given: argparse.Namespace, key: str) -> str:
    words = ["./nox", "-s", "call", "--", given.stack, given.question, *([given.body] if given.body else [])]
    return shlex.join([*words, "--key", key])


def _ask(given: argparse.Namespace, key: str) -> int:
    asked = question(given.question, given.body)
    if given.key and not asked.trades:
        raise Refusal(f"{asked.path} claims no key like this; leave --key out")
    checked_key(key)
    # The answer alone goes where a program reads it.
    with contextlib.redirect_stdout(sys.stderr if given.json else sys.stdout):
        stack = PulumiStack.read(given.stack, Path())
        with step(f"where {given.stack} is"):
            outputs = stack.outputs()
        if not outputs.service_url:
            raise Refusal(f"{given.stack} has no service yet; ./nox -s deploy -- {given.stack}")
        print(f"{asked.method} {outputs.service_url}/{asked.path} {given.body}".rstrip())
        if asked.trades:
            print(f"{KEY}: {key}")
        if _is_grave(asked, outputs) and not agreed(
            f"This is {given.stack}, real money. Go on?", sure=given.yes
        ):
            raise Refusal("nothing was sent")
        service = ServiceCall(
            GoogleClients(stack.place.project), outputs.service_url, outputs.operator_account
        )
        try:
            return _answered(given, service, asked, key)
        except Refusal as refusal:
            if not asked.trades:
                raise
            raise Refusal(f"{refusal}\nWhether it was done, this tells:\n  {_repeated(given, key)}") from None


def _is_grave(asked: Question, outputs: Outputs) -> bool:
    """The kill switch is never asked about when it stops something."""
    return outputs.trading_mode == "live" and (asked.trades or asked.enables)


def _answered(given: argparse.Namespace, service: ServiceCall, asked: Question, key: str) -> int:
    headers = {KEY: key} if asked.trades else {}
    if asked.comes_in_lines and not given.json:
        return _in_lines(given, service, asked)
    with step(f"{given.stack} answers"):
        answer = service.ask(asked.path, asked.method, body=asked.body, headers=headers)
    if answer.headers.get("Idempotency-Replayed") == "true":
        print("This key was used before: this is the outcome of that run; nothing was done now.")
    if given.json:
        print(answer.text, end="" if answer.text.endswith("\n") else "\n", file=sys.__stdout__)
        return 0 if answer.good else 1
    return _shown(answer, service, given.stack)


def _in_lines(given: argparse.Namespace, service: ServiceCall, asked: Question) -> int:
    """Shows each line as it comes; the last one is the outcome."""
    with contextlib.ExitStack() as waiting:
        waiting.enter_context(step(f"{given.stack} answers"))
        with service.opened(
            asked.path, asked.method, body=asked.body, headers={"Accept": "application/x-ndjson"}
        ) as response:
            if "ndjson" not in response.headers.get("Content-Type", ""):
                answer = answer_of(response, response.text)
                waiting.close()
                return _shown(answer, service, given.stack)
            last = {}
            for last in lines_of(response):
                waiting.close()
                if "of" in last:
                    error = f"  {last['error']}" if last["error"] else ""
                    series = f"{last['localSymbol']:<8} {last['barSize']:<7}"
                    print(
                        f"  {last['done']:>4}/{last['of']}  {series} {last['stored']:>6}{error}", flush=True
                    )
    if "of" in last or not last:
        raise Refusal("the answer broke off; ask again, what was stored is not fetched twice")
    return _shown(
        ServiceAnswer(last.get("status", 200), {}, json.dumps(last, default=str), last), service, given.stack
    )


def _shown(answer: ServiceAnswer, service: ServiceCall, stack: str) -> int:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    print()
    if answer.good:
        print("\n".join(page(answer.body, width)) if isinstance(answer.body, dict) else answer.text.rstrip())
        return 0
    if not isinstance(answer.body, dict):
        said = FROM_GOOGLE.get(answer.status, "this is not the service's own answer; its log may have why")
        raise Refusal(
            f"{answer.status}: {said.format(account=service.account, url=service.url, stack=stack)}"
        )
    if "detail" in answer.body:
        print("\n".join(problem_page(answer.body, width)), file=sys.stderr)
    else:
        print("\n".join(page(answer.body, width)))
    if "Retry-After" in answer.headers:
        print(f"  It may go in {answer.headers['Retry-After']} s.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
