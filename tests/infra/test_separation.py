"""Paper and live share nothing that one could break for the other, whether in two Google projects or in one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ib_trading.schema.stack_names import STACK_NAME
from infra.names import Names
from infra.stack_config import StackConfig
from tests.infra.identities import ENABLED_ONCE, identity
from tests.infra.recorded import record
from tests.infra.stacks import TRADING, deployed, everything


def identities(config: StackConfig) -> list[tuple[str, ...]]:
    return [identity(one) for one in record(config).resources if one.kind not in ENABLED_ONCE]


@pytest.mark.parametrize("shared", [False, True], ids=["two projects", "one project"])
@pytest.mark.parametrize("make", [deployed, everything])
def test_paper_and_live_have_no_resource_in_common(make: Callable[..., StackConfig], shared: bool) -> None:
    paper, live = identities(make("paper", shared=shared)), identities(make("live", shared=shared))
    assert len(paper) > 40
    assert not set(paper) & set(live)


def test_a_second_paper_account_has_no_resource_in_common_with_the_first() -> None:
    first = identities(everything("paper", shared=True))
    second = identities(deployed("paper-two", shared=True, tradingMode="paper"))
    assert not set(first) & set(second)


def test_no_name_of_a_schedule_makes_the_job_of_another_stack() -> None:
    """With one hyphen `two-summary` of stack `paper` and `summary` of stack `paper-two` were both the job
    ib-paper-two-summary: the second deployment met 409, and the first one's check looked at the other's calls."""
    daily = {"cron": "0 9 * * *", "timeZone": "Etc/UTC"}
    named = TRADING | {"schedules": [{"intent": "summary", "name": "two-summary", **daily}]}
    plain = TRADING | {"schedules": [{"intent": "summary", **daily}]}
    first = identities(deployed("paper", shared=True, trading=named))
    second = identities(deployed("paper-two", shared=True, tradingMode="paper", trading=plain))
    assert not set(first) & set(second)


@pytest.mark.parametrize("make", [deployed, everything])
def test_no_stack_makes_the_same_thing_twice(make: Callable[..., StackConfig]) -> None:
    """BigQuery's grants: a member list on the dataset beside single grants would undo each other at every `up`."""
    made = identities(make("paper", shared=True))
    assert len(made) == len(set(made))


def test_without_a_word_two_stacks_in_one_project_would_collide() -> None:
    """What sharedProject is for; and that these tests can fail."""
    paper, live = deployed("paper"), deployed("live")
    other = {tuple(part.replace("trading-live", "trading-paper") for part in one) for one in identities(live)}
    assert {kind for kind, *_ in other.intersection(identities(paper))} >= {
        "bigquery.Dataset",
        "secretmanager.Secret",
    }


@pytest.mark.parametrize("stack", ["demo", "abcdefghijklmnopq"], ids=["shortest", "longest"])
def test_every_stack_name_that_is_taken_makes_names_that_google_takes(stack: str) -> None:
    """Service accounts have 6 to 30 characters, Firestore databases 4 to 63."""
    assert STACK_NAME.fullmatch(stack)
    assert not STACK_NAME.fullmatch(stack + "q" * 14)
    names = Names("trading", stack, shared=True)
    for account in (
        names.runtime_account,
        names.operator_account,
        names.scheduler_account,
        names.build_account,
    ):
        assert 6 <= len(account) <= 30
    assert 4 <= len(names.database) <= 63


def test_everything_that_takes_labels_says_whose_it_is() -> None:
    """A budget in a shared project counts by them."""
    labelled = 0
    for one in record(everything("paper")).resources:
        labels = one.inputs.get("userLabels") or one.inputs.get("labels")
        if labels is not None and "email_address" not in labels and one.kind != "billing.Budget":
            assert labels == {"application": "ib-trading", "stack": "paper", "team": "trading"}, one.name
            labelled += 1
    assert labelled > 12
