"""What the engine reads in a stack file is what our reader of it reads: asked of the engine itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ib_trading.schema.stack_yaml import read_config
from tests.engine.checkout import Checkout
from tests.schema.stack_words import KEYS, MERGED, MERGED_TRADING, REFUSED, TWICE, WORDS

NESTED = "ib-trading:nested"


def told(checkout: Checkout, text: str) -> dict[str, dict[str, Any]]:
    """`pulumi config --json` of a paper stack with that file: full key → what it says of it."""
    checkout.stack_file("paper").write_text(text, encoding="utf-8")
    # Before the JSON it warns of keys without a value.
    said = checkout.done("config", "--json", "--stack", "paper")
    return json.loads(said[said.index("{\n") :])


def test_words_without_quotes_mean_to_the_engine_what_our_table_says(fresh: Checkout) -> None:
    """All in one file: within a structure, and each as a key of its own."""
    lines = ["config:", f"  {NESTED}:", *(f"    k{n}: {word}" for n, (word, *_) in enumerate(WORDS))]
    lines += [f"  ib-trading:k{number}: {word}" for number, (word, *_) in enumerate(WORDS)]
    text = "\n".join([*lines, ""])
    found = told(fresh, text)
    nested = found[NESTED]["objectValue"]
    assert [(word, nested[f"k{n}"]) for n, (word, *_) in enumerate(WORDS)] == [
        (word, value) for word, _, value in WORDS
    ]
    assert [(word, found[f"ib-trading:k{n}"]["value"]) for n, (word, *_) in enumerate(WORDS)] == [
        (word, spelled) for word, spelled, _ in WORDS
    ]
    ours = read_config(text.encode())
    assert ours is not None and ours[NESTED] == nested


def test_keys_without_quotes_have_the_names_that_we_refuse_them_for(fresh: Checkout) -> None:
    lines = ["config:", *(f"  ib-trading:k{n}: {{{key}: x}}" for n, (key, _) in enumerate(KEYS)), ""]
    found = told(fresh, "\n".join(lines))
    assert [list(found[f"ib-trading:k{n}"]["objectValue"]) for n in range(len(KEYS))] == [
        [name] for _, name in KEYS
    ]


def test_what_is_merged_counts_less_than_what_is_written(fresh: Checkout) -> None:
    assert told(fresh, MERGED)["ib-trading:trading"]["objectValue"] == MERGED_TRADING


@pytest.mark.parametrize(("text", "line"), TWICE)
def test_a_key_that_is_there_twice_is_refused_with_its_line(fresh: Checkout, text: str, line: int) -> None:
    fresh.stack_file("paper").write_text(text, encoding="utf-8")
    run = fresh.pulumi("config", "--json", "--stack", "paper")
    assert run.code != 0
    assert f"line {line}: mapping key" in run.text


@pytest.mark.parametrize("text", REFUSED)
def test_what_we_refuse_the_engine_refuses(fresh: Checkout, text: str) -> None:
    fresh.stack_file("paper").write_text(text, encoding="utf-8")
    assert fresh.pulumi("config", "--json", "--stack", "paper").code != 0
