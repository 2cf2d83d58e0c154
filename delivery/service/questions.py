"""What a service can be asked by its operator: the intents, and what there is to know of runs, orders and itself.

Decides method and body of each, before anything is sent: a body is read by the very code with which the service reads
it, so that a misspelt `dryRun` is refused here already. docs/intents.md says what each of them does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from delivery.console.refusal import Refusal
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.request_body import KEY_PATTERN, KEY_RULE, BodyError, parse_body
from ib_trading.schema.requests import Request, TradingEnabledRequest
from ib_trading.schema.strict import nearest

SWITCH = "trading-enabled"
LINES = "collect-market-data"
PLAIN = ("health", "metrics", "openapi.json", "ready", "runs")
ONE_OF = {"explain": "ORDER-REF", "runs": "RUN-ID"}
R = TypeVar("R", bound=Request)
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


@dataclass(frozen=True, slots=True)
class Question:
    """`body` is the JSON that is sent, None for none. `trades`: orders may be sent, so it gets an Idempotency-Key."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    trades: bool = False
    enables: bool = False

    @property
    def comes_in_lines(self) -> bool:
        return self.path == LINES


def question(asked: str, text: str) -> Question:
    """`asked` is a path as people write it (`allocation`, `runs/ID`), `text` the body or "". Refusal."""
    path = asked.strip("/")
    for intent in INTENTS:
        if intent.name == path:
            if intent.body is None:
                return _read(path, text)
            said = _said(text, intent.body)
            dry = getattr(said, "dry_run", False)
            return Question(path, intent.method, _sent(text), trades=intent.trades and not dry)
    if path == SWITCH:
        said = _said(text, TradingEnabledRequest)
        return Question(path, "PUT", _sent(text), enables=said.enabled)
    first, _, rest = path.partition("/")
    if path in PLAIN or (first in ONE_OF and REFERENCE.fullmatch(rest)):
        return _read(path, text)
    known = (*(intent.name for intent in INTENTS), SWITCH, *PLAIN, *(f"{a}/{b}" for a, b in ONE_OF.items()))
    raise Refusal(
        f"there is nothing called {asked!r} to ask; {nearest(path, known)} (known: {', '.join(known)})"
    )


def checked_key(key: str) -> str:
    """An Idempotency-Key that somebody names. Refusal."""
    if not re.fullmatch(KEY_PATTERN, key):
        raise Refusal(KEY_RULE)
    return key


def _read(path: str, text: str) -> Question:
    if text:
        raise Refusal(f"{path} takes no body; leave {text!r} out")
    return Question(path)


def _said(text: str, kind: type[R]) -> R:
    try:
        return parse_body(text.encode(errors="surrogatepass"), kind)
    except BodyError as error:
        raise Refusal(f"{error}; nothing was sent") from None


def _sent(text: str) -> bytes:
    return text.encode() if text.strip() else b"{}"
