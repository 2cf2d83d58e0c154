"""The reader of stack files means by a word what Pulumi's engine means by it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.schema.stack_yaml import StackYamlError, read_config, read_json, read_yaml
from tests.schema.stack_words import (
    AS_WRITTEN,
    KEYS,
    MERGED,
    MERGED_TRADING,
    REFUSED,
    TWICE,
    WORDS,
)


def config(text: str) -> dict[str, object]:
    found = read_config(text.encode())
    assert found is not None
    return found


@pytest.mark.parametrize(("word", "value"), [(word, value) for word, _, value in WORDS])
def test_a_word_without_quotes_is_what_it_is_to_the_engine(word: str, value: object) -> None:
    read = config(f"config:\n  ib-trading:trading:\n    key: {word}\n")["ib-trading:trading"]
    assert read == {"key": value}
    assert isinstance(read, dict) and isinstance(read["key"], bool) is isinstance(value, bool)


@pytest.mark.parametrize("word", [word for word, *_ in WORDS])
def test_a_word_in_quotes_is_text(word: str) -> None:
    assert config(f"config:\n  ib-trading:image: '{word}'\n") == {"ib-trading:image": word}


@pytest.mark.parametrize("key", AS_WRITTEN)
def test_a_key_is_text_whatever_it_looks_like(key: str) -> None:
    assert config(f"config:\n  ib-trading:labels: {{{key}: x}}\n") == {"ib-trading:labels": {key: "x"}}


@pytest.mark.parametrize("key", [key for key, _ in KEYS])
def test_a_key_with_another_name_to_the_engine_is_refused_with_line_and_remedy(key: str) -> None:
    with pytest.raises(StackYamlError, match=r"^line 2, column \d+: .* write it in quotes$"):
        config(f"config:\n  ib-trading:labels: {{{key}: x}}\n")
    assert config(f"config:\n  ib-trading:labels: {{'{key}': x}}\n") == {"ib-trading:labels": {key: "x"}}


@pytest.mark.parametrize(("text", "line"), TWICE)
def test_a_key_that_is_there_twice_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(StackYamlError, match=rf"^line {line}, column \d+: the key '.*' is there twice$"):
        read_config(text.encode())


@pytest.mark.parametrize("text", [*REFUSED, "config:\n  a: 2019-01-02T03:04:05+02:00\n"])
def test_what_the_engine_refuses_or_spells_as_the_machine_likes_is_refused(text: str) -> None:
    with pytest.raises(StackYamlError, match=r"^line 2, column \d+: "):
        read_config(text.encode())


def test_what_is_merged_counts_less_than_what_is_written() -> None:
    assert config(MERGED)["ib-trading:trading"] == MERGED_TRADING


@pytest.mark.parametrize("text", ["", "config:", "config: 5", "- config", "name: ib-trading"])
def test_a_file_without_configuration_has_none(text: str) -> None:
    assert read_config(text.encode()) is None


# JSON writes a character beyond these as two escapes, which PyYAML does not put together.
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
# A key of YAML may not be longer than 1,024 characters (PyYAML's scanner), of which an escape takes twelve.
SHORT_TEXTS = TEXTS.filter(lambda text: len(text) <= 80)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
        lambda inner: st.lists(inner) | st.dictionaries(SHORT_TEXTS, inner),
        max_leaves=10,
    )
)
def test_json_is_read_as_what_it_is(value: object) -> None:
    """JSON is YAML, and it is the other way in which a section may be written."""
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_yaml(text) == value
