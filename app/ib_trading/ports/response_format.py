"""How outcomes are told to whoever called. What happened, the intents decide; which number and words that gets, and how
it becomes bytes, is the protocol's business (web/responses.py), for an answer that leaves now and for one that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ib_trading.core.journal import StoredResponse
from ib_trading.core.refusals import Refusal


class ResponseFormat(Protocol):
    def response(
        self, run_id: str, members: Mapping[str, object], refusal: Refusal | None = None
    ) -> StoredResponse:
        """`members` of the call's result by their names in JSON, and `refusal`, why that is not all that was asked
        for; None where it is."""
        ...

    def succeeded(self, status: int) -> bool:
        """Whether a call that got this status, from this version or an earlier one, did what was asked."""
        ...
