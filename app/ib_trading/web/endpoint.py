"""What can be called: method, path, and the typed question and answer behind it. Routes and /openapi.json are both
made from these, so that neither can know one that the other does not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ib_trading.intents.intent import Intent
from ib_trading.schema.intents import INTENTS

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` as OpenAPI spells it (/runs/{runId}). A GET's request is read from path and query, another's from its
    JSON body. `recorded`: each call leaves a line in the activity log. `keyed`: an Idempotency-Key counts."""

    method: str
    path: str
    intent: Intent
    recorded: bool = False
    keyed: bool = False

    @property
    def rule(self) -> str:
        """The path as Flask spells it."""
        return _PLACE.sub(r"<\1>", self.path)

    @property
    def places(self) -> tuple[str, ...]:
        """The names in the path that stand for a value."""
        return tuple(_PLACE.findall(self.path))

    @property
    def takes_body(self) -> bool:
        return self.method != "GET"


def of_intents(intents: tuple[Intent, ...]) -> tuple[Endpoint, ...]:
    """One each for the intents that schema/intents.py declares; KeyError for one that is declared and not built."""
    by_name = {intent.name: intent for intent in intents}
    return tuple(
        Endpoint(
            declared.method,
            f"/{declared.name}",
            by_name[declared.name],
            recorded=True,
            keyed=declared.trades,
        )
        for declared in INTENTS
    )
