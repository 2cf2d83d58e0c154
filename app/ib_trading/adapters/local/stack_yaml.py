"""Reads a stack file's YAML as Pulumi reads it: the same words mean the same values, and no key counts twice.

PyYAML alone would take `on` for true, 12:30 for 750 and the last of two equal keys. What the values mean is decided
elsewhere.
"""

from __future__ import annotations

import json
import re

import yaml
from yaml.constructor import ConstructorError


class Fraction(float):
    """A figure with a fraction that still knows its digits, so that a complaint about it can quote them."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __format__(self, spec: str) -> str:
        return self.text


def read_yaml(text: str) -> object:
    """The document; ValueError with line and column if it is none."""
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{place}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def read_json(text: str) -> object:
    """A structure that `pulumi config set` was given as JSON; ValueError if it is none."""
    return json.loads(text, parse_float=Fraction, object_pairs_hook=_object)


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in members]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key {name!r} is there twice")
    return dict(members)


def _plain_words() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """First character → the types that a word which starts with it may have; YAML 1.2's, as Pulumi's library reads."""
    words: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for tag, pattern, first_characters in (
        ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
        ("bool", r"true|True|TRUE|false|False|FALSE", tuple("tTfF")),
        ("int", r"[-+]?(0|[1-9][0-9]*)", tuple("-+0123456789")),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", tuple("-+.0123456789")),
    ):
        for character in first_characters:
            words.setdefault(character, []).append(
                (f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})$"))
            )
    return words


def _fraction(_: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return Fraction(node.value)


class _Loader(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.yaml_implicit_resolvers = _plain_words()
        self.yaml_constructors = self.yaml_constructors | {"tag:yaml.org,2002:float": _fraction}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, object]:  # noqa: ARG002
        """Keys are text, whatever they look like: a strategy may be called 5 or null."""
        mapping: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConstructorError(None, None, "a key must be a word", key.start_mark)
            if key.value in mapping:
                raise ConstructorError(None, None, f"the key {key.value!r} is there twice", key.start_mark)
            mapping[key.value] = self.construct_object(value, deep=True)
        return mapping
