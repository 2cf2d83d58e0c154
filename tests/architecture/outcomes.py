"""What an outcome is called: by its kind. HTTP's numbers are known to web/ alone, and no sentence is asked anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from http import HTTPStatus

from tests.architecture.imports import imports
from tests.architecture.tree import APP, SCHEMA, Violation, parse, text_of

VERDICTS = "app/ib_trading/core/limits/verdict.py"
REFUSALS = "app/ib_trading/core/refusals.py"
PROBLEMS = "app/ib_trading/web/problems.py"
# The broker's own error codes have three digits too.
BROKER_CODES = "app/ib_trading/adapters/ib/"
CALLER_LEFT = 499
STATUSES = {status.value for status in HTTPStatus if status >= HTTPStatus.OK} | {CALLER_LEFT}
SENTENCES = {"detail", "reason", "reasons", "remedy", "rule", "title", "why"}
ASKED_BY = {"startswith", "endswith", "find", "index", "count", "partition"}


def http_is_known_to_web_alone(path: str, source: str) -> list[Violation]:
    """No status by its number, no http.HTTPStatus, outside web/; the vocabulary of schema/ and strategies have
    figures of their own."""
    # The last are an author's, whose figures are of markets.
    if path.startswith((f"{APP}/web/", f"{SCHEMA}/", f"{APP}/strategies/")):
        return []
    found = [(line, name) for line, name in imports(path, source) if name == "http.HTTPStatus"]
    if not path.startswith(BROKER_CODES):
        found += [
            (node.lineno, str(node.value))
            for node in ast.walk(parse(source))
            if isinstance(node, ast.Constant) and type(node.value) is int and node.value in STATUSES
        ]
    remedy = "raise or return a kind of core/refusals.py; web/problems.py knows its status"
    return [Violation(path, line, f"names HTTP's {name}", remedy) for line, name in sorted(found)]


def rules_are_members(path: str, source: str) -> list[Violation]:
    """A rule's words stand once, where it is declared."""
    if path == VERDICTS:
        return []
    words = set(_rules(text_of(VERDICTS)))
    return [
        Violation(path, node.lineno, f"spells the rule {node.value!r}", "say Rule's member")
        for node in ast.walk(parse(source))
        if isinstance(node, ast.Constant) and node.value in words
    ]


def _rules(source: str) -> Iterator[str]:
    for node in parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == "Rule":
            yield from (
                each.value.value
                for each in node.body
                if isinstance(each, ast.Assign)
                and isinstance(each.value, ast.Constant)
                and isinstance(each.value.value, str)
            )


def sentences_are_not_asked(path: str, source: str) -> list[Violation]:
    """`x.reason == "..."`, `"..." in x.detail`, `x.rule.startswith(...)`: prose is for people."""
    remedy = "give it a kind (an enum, or a class of core/refusals.py) and ask that"
    return [
        Violation(path, node.lineno, f"asks a sentence what it says: {ast.unparse(node)}", remedy)
        for node in ast.walk(parse(source))
        if isinstance(node, ast.Compare | ast.Call) and _asks_a_sentence(node)
    ]


def _asks_a_sentence(node: ast.Compare | ast.Call) -> bool:
    if isinstance(node, ast.Call):
        called = node.func
        return isinstance(called, ast.Attribute) and called.attr in ASKED_BY and _is_sentence(called.value)
    sides = [node.left, *node.comparators]
    return any(map(_is_sentence, sides)) and any(map(_is_text, sides))


def _is_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        return any(map(_is_text, node.elts))
    return isinstance(node, ast.Constant | ast.JoinedStr) and getattr(node, "value", "text") not in {None, ""}


def refusals_stand_in_the_tree(path: str, source: str) -> list[Violation]:
    """A kind that stands elsewhere is missed by whoever reads the tree; another exception of core's reaches its caller
    as a bug."""
    if path in {REFUSALS, PROBLEMS}:
        return []
    tree = {node.name for node in parse(text_of(REFUSALS)).body if isinstance(node, ast.ClassDef)}
    others = path.startswith("app/ib_trading/core/")
    return [
        Violation(path, node.lineno, f"{node.name} stands outside the tree", f"draw it in {REFUSALS}")
        for node in ast.walk(parse(source))
        if isinstance(node, ast.ClassDef)
        for name in (ast.unparse(base).rpartition(".")[2] for base in node.bases)
        if name in tree or (others and name.endswith(("Error", "Exception")))
    ]
