"""Reads a stack file as Pulumi's engine reads it: the same words mean the same values, and no key counts twice.

The one reader of `Pulumi.<stack>.yaml` beside the engine's own, for the service, the emulators and delivery/. PyYAML
alone speaks YAML 1.1: it would take `on` for true, 12:30 for 750 and the last of two equal keys. The engine has
gopkg.in/yaml.v3 (its resolve.go and decode.go), and makes of what that decodes what sdk/go/common/resource/config/
object.go of pulumi/pulumi says; tests/engine/test_stack_file.py asks it. What a value means is decided elsewhere.

Needs PyYAML, which the service in the cloud has not: only who reads a stack file imports this.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import yaml
from yaml.constructor import ConstructorError

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"([-+]?)0([0-7]+)")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?Z)|"
    r"(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?))?"
)
_ZONED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[Tt][\d:.]+[-+]\d{2}:\d{2}")
_MERGE = "tag:yaml.org,2002:merge"
_PLAIN = "tag:plain"


class StackYamlError(ValueError):
    """It is no stack file that the engine would read in the same way; the text says where and what."""


class Fraction(float):
    """A figure with a fraction that still knows its digits, so that a complaint about it can quote them."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __format__(self, spec: str) -> str:
        return self.text


def read_config(content: bytes) -> dict[str, object] | None:
    """What stands under `config:` in a stack file: full key → value; None where nothing does, or no keys.

    StackYamlError with line and column for what is no YAML, a key that is there twice anywhere in the file, and a key
    that the engine would take for another one than is written. An encrypted value is `{"secure": …}`.
    """
    try:
        document = read_yaml(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise StackYamlError(str(error)) from None
    config = document.get("config") if isinstance(document, dict) else None
    return config if isinstance(config, dict) else None


def read_yaml(text: str) -> object:
    """The document; StackYamlError."""
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise StackYamlError(f"{place}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise StackYamlError(str(error)) from error


def read_json(text: str) -> object:
    """A structure that `pulumi config set` was given as JSON; ValueError if it is none."""
    return json.loads(text, parse_float=Fraction, object_pairs_hook=_object)


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in members]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key {name!r} is there twice")
    return dict(members)


def plain(word: str) -> object:
    """A word without quotes: null, a bool, a figure, a moment as the engine spells one, or the word itself.

    ValueError for an infinity, which the engine refuses, and for a moment with an offset, which it spells as the
    machine's time zone wants.
    """
    if word in {"", "~", "null", "Null", "NULL"}:
        return None
    if word in {"true", "True", "TRUE"}:
        return True
    if word in {"false", "False", "FALSE"}:
        return False
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", word):
        raise ValueError("is no figure that has an end; the engine refuses it")
    if word[0] not in "+-.0123456789":
        return word
    moment = _moment(word)
    return moment if moment is not None else _figure(word)


def _moment(word: str) -> str | None:
    """As Go's time.Time.String() spells what yaml.v3 takes for a time."""
    if _ZONED.fullmatch(word):
        raise ValueError("is a time to Pulumi, not text; write it in quotes")
    found = _TIME.fullmatch(word)
    if found is None:
        return None
    groups = found.groups()
    hour, minute, second, fraction = groups[3:7] if groups[3] else groups[7:]
    year, month, day = map(int, groups[:3])
    try:
        moment = datetime(year, month, day, int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    return f"{moment:%Y-%m-%d %H:%M:%S}{(fraction or '').rstrip('0').rstrip('.')} +0000 UTC"


def _figure(word: str) -> object:
    # yaml.v3 takes no underscore out of what begins with a point.
    digits = word if word[0] == "." else word.replace("_", "")
    if octal := _OCTAL.fullmatch(digits):
        return int(f"{octal[1]}{octal[2]}", 8)
    try:
        return int(digits, 0)
    except ValueError:
        pass
    if not _FLOAT.fullmatch(digits):
        return word
    # What no float holds, Go leaves as text.
    return word if math.isinf(float(digits)) else Fraction(digits)


def _is_spelled(word: str, value: object) -> bool:
    """Whether a key that is this value to the engine has this word for its name there."""
    if isinstance(value, bool):
        return word == str(value).lower()
    return isinstance(value, str | int) and str(value) == word


class _Loader(yaml.SafeLoader):
    """Every word without quotes and tag gets the one type of `plain`; what has a tag, PyYAML's own."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.yaml_implicit_resolvers = {"<": [(_MERGE, re.compile("<<$"))], None: [(_PLAIN, re.compile(""))]}
        self.yaml_constructors = self.yaml_constructors | {_PLAIN: _Loader._construct_plain}

    def _construct_plain(self, node: yaml.ScalarNode) -> object:
        try:
            return plain(node.value)
        except ValueError as error:
            raise ConstructorError(None, None, f"{node.value} {error}", node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, object]:  # noqa: ARG002
        """Keys are text, whatever they look like: a strategy may be called 5 or on."""
        mapping: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            name = self._name(key)
            if name in mapping:
                raise ConstructorError(None, None, f"the key {name!r} is there twice", key.start_mark)
            mapping[name] = self.construct_object(value, deep=True)
        return {**self._merged(node), **mapping}

    def _name(self, key: yaml.Node) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise ConstructorError(None, None, "a key must be a word", key.start_mark)
        if key.tag == _PLAIN and not _is_spelled(key.value, self._construct_plain(key)):
            wrong = f"the key {key.value} has another name to Pulumi; write it in quotes"
            raise ConstructorError(None, None, wrong, key.start_mark)
        return key.value

    def _merged(self, node: yaml.MappingNode) -> dict[str, object]:
        """What `<<` brings, of which the mapping's own keys count more, and earlier ones more than later."""
        merged: dict[str, object] = {}
        for source in _sources(node):
            if not isinstance(source, yaml.MappingNode):
                raise ConstructorError(None, None, "<< takes a mapping, or a list of them", source.start_mark)
            merged = self.construct_mapping(source) | merged
        return merged


def _sources(node: yaml.MappingNode) -> Iterator[yaml.Node]:
    for key, value in node.value:
        if key.tag == _MERGE:
            yield from value.value if isinstance(value, yaml.SequenceNode) else [value]
