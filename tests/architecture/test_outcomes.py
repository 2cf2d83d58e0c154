"""Outcomes are kinds, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture import outcomes as law
from tests.architecture.tree import Rule, assert_obeyed, modules


def test_http_is_known_to_web_alone() -> None:
    assert_obeyed(law.http_is_known_to_web_alone, modules("app"))


def test_a_rule_is_spelled_once() -> None:
    assert_obeyed(law.rules_are_members, modules("app", "schema"))


def test_no_sentence_is_asked_what_it_says() -> None:
    assert_obeyed(law.sentences_are_not_asked, modules("app", "schema"))


def test_every_refusal_stands_in_the_tree() -> None:
    assert_obeyed(law.refusals_stand_in_the_tree, modules("app"))


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (law.http_is_known_to_web_alone, "app/ib_trading/intents/submit.py", "stopped = 423"),
        (law.http_is_known_to_web_alone, "app/ib_trading/queries/schedule_check.py", "done = outcome < 400"),
        (law.http_is_known_to_web_alone, "app/ib_trading/core/journal.py", "from http import HTTPStatus"),
        (
            law.http_is_known_to_web_alone,
            "app/ib_trading/adapters/ib/broker.py",
            "from http import HTTPStatus",
        ),
        (
            law.rules_are_members,
            "app/ib_trading/intents/trading_run.py",
            "x = verdict.rule == 'trading enabled'",
        ),
        (
            law.sentences_are_not_asked,
            "app/ib_trading/core/history.py",
            "x = rejected.reason.startswith(JUMP)",
        ),
        (law.sentences_are_not_asked, "app/ib_trading/intents/x.py", "x = verdict.rule == 'orders per run'"),
        (law.sentences_are_not_asked, "app/ib_trading/intents/x.py", "x = 'closed' in lock.reason"),
        (law.sentences_are_not_asked, "app/ib_trading/adapters/x.py", "x = error.detail in ('a', f'{b}')"),
        (law.refusals_stand_in_the_tree, "app/ib_trading/core/sizing.py", "class TooSmall(ValueError): ..."),
        (
            law.refusals_stand_in_the_tree,
            "app/ib_trading/core/sizing.py",
            "class TooSmall(refusals.PlanRefused): ...",
        ),
        (
            law.refusals_stand_in_the_tree,
            "app/ib_trading/adapters/ib/session.py",
            "class Gone(BrokerFault): ...",
        ),
    ],
)
def test_an_outcome_that_is_no_kind_is_found(rule: Rule, path: str, source: str) -> None:
    (violation,) = rule(path, source)
    assert str(violation).startswith(f"{path}:1: ")


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (
            law.http_is_known_to_web_alone,
            "app/ib_trading/web/problems.py",
            "from http import HTTPStatus\nx = 404",
        ),
        (
            law.http_is_known_to_web_alone,
            "app/ib_trading/adapters/ib/error_codes.py",
            "NO_SUCH_CONTRACT = 200",
        ),
        (law.http_is_known_to_web_alone, "app/ib_trading/strategies/trend.py", "LOOKBACK_DAYS = 252"),
        (law.rules_are_members, law.VERDICTS, "class Rule(StrEnum):\n    X = 'trading enabled'"),
        (law.sentences_are_not_asked, "app/ib_trading/core/x.py", "x = verdict.rule is Rule.DAILY_LOSS"),
        (law.sentences_are_not_asked, "app/ib_trading/core/x.py", "x = lock.remedy == other.remedy"),
        (law.refusals_stand_in_the_tree, "app/ib_trading/core/x.py", "class Rule(StrEnum): ..."),
        (
            law.refusals_stand_in_the_tree,
            "app/ib_trading/settings.py",
            "class SettingsError(ValueError): ...",
        ),
    ],
)
def test_a_kind_is_left_alone(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source) == []
