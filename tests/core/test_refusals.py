"""What a refusal means for its run: whether the key may be used again, and whether waiting helps."""

from __future__ import annotations

import pytest

from ib_trading.core.refusals import (
    GatewayNotReady,
    PropertiesRefused,
    Refusal,
    RunInProgress,
    SizingRefused,
    StoreUnavailable,
    kinds,
)

WITHDRAW = {
    "RequestError",
    "PropertiesRefused",
    "RunInProgress",
    "RunDeadline",
    "BrokerFault",
    "ContractsUnknown",
    "QuestionRefused",
    "Unanswered",
    "GatewayNotReady",
    "StoreUnavailable",
    "ConfigurationFault",
}
TRANSIENT = {"RunInProgress", "GatewayNotReady", "StoreUnavailable", "ConfigurationFault"}


@pytest.mark.parametrize("kind", list(kinds(Refusal)), ids=lambda kind: kind.__name__)
def test_a_key_is_given_back_where_nothing_of_the_run_was_decided(kind: type[Refusal]) -> None:
    """A mistake in the request, a broker that does not answer, a store that is away: once that is mended the same key
    trades. What was judged (a limit, a strategy, the kill switch) is the key's answer for good."""
    assert kind.withdraws_claim is (kind.__name__ in WITHDRAW)


@pytest.mark.parametrize("kind", list(kinds(Refusal)), ids=lambda kind: kind.__name__)
def test_waiting_helps_where_nobody_has_to_change_what_was_asked(kind: type[Refusal]) -> None:
    assert kind.transient is (kind.__name__ in TRANSIENT)


def test_who_may_ask_again_is_told_when() -> None:
    """Seconds: a run takes less than the half minute, a gateway or a store a minute to come back. A login that somebody
    must approve takes as long as it takes."""
    assert RunInProgress("another run is under way").retry_after == 30
    assert GatewayNotReady("it starts").retry_after == 60
    assert GatewayNotReady("approve the login", retry_after=None).retry_after is None
    assert StoreUnavailable("no answer").retry_after == 60
    assert Refusal("no").retry_after is None


def test_a_run_under_way_is_named_where_it_is_known() -> None:
    assert RunInProgress("another run is under way", "run-1").members == {"runId": "run-1"}
    assert RunInProgress("another run is under way").members == {}


def test_a_property_that_is_refused_is_named_as_the_request_spells_it() -> None:
    refused = PropertiesRefused("tif", "MOC goes with DAY, not GTC")
    [error] = refused.errors
    assert (str(error), refused.detail) == (refused.detail, str(error))
    assert "orderProperties.tif" in refused.detail


def test_what_could_not_be_sized_says_every_reason() -> None:
    assert SizingRefused(("AAA: no quote", "BBB: no rate")).detail == "AAA: no quote; BBB: no rate"


def test_a_gateway_that_is_not_ready_says_why() -> None:
    assert GatewayNotReady("it waits for the second factor").detail == "it waits for the second factor"
