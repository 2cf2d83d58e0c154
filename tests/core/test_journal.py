"""Which requests are repetitions, and which runs are over."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.journal import RunState, body_hash, signature
from ib_trading.core.mode import TradingMode

PAPER, LIVE = TradingMode.PAPER, TradingMode.LIVE


def test_the_same_request_in_another_spelling_has_the_same_signature() -> None:
    one = {"strategies": ["trend"], "share": Decimal("0.50")}
    other = {"share": Decimal("0.5"), "strategies": ("trend",)}
    assert signature(PAPER, "allocation", one) == signature(PAPER, "allocation", other)
    assert body_hash("allocation", one) == body_hash("allocation", other)


def test_mode_intent_and_body_each_make_another_signature() -> None:
    signatures = {
        signature(PAPER, "allocation", {}),
        signature(LIVE, "allocation", {}),
        signature(PAPER, "close-all", {}),
        signature(PAPER, "allocation", {"strategies": None}),
    }
    assert len(signatures) == 4
    assert all(text.startswith("signature:") for text in signatures)


def test_another_body_or_intent_is_another_hash() -> None:
    assert (
        len({body_hash("allocation", {}), body_hash("close-all", {}), body_hash("allocation", {"a": 1})}) == 3
    )


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_over_when_it_is_settled_refused_failed_or_for_a_person_to_review(state: RunState) -> None:
    assert state.ended is (state.value in {"settled", "refused", "failed", "needs_review"})
