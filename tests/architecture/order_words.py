"""Who may know how an order's side, type and time in force are spelt: core/order_kind.py, and nobody else.

But for the request types, which may not import it and list what a call may say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.tree import ROOT, Violation, parse

HOME = "app/ib_trading/core/order_kind.py"
REQUESTS = "app/ib_trading/schema/requests.py"
KINDS = ("action", "order_type", "side", "tif")
"""What such a word is kept in."""
REMEDY = f"ask the enum: its members and what they mean are in {HOME}"


def spellings() -> frozenset[str]:
    """Every word in capitals that the enums' own file has."""
    texts = (
        node.value for node in ast.walk(parse((ROOT / HOME).read_text())) if isinstance(node, ast.Constant)
    )
    return frozenset(text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z][A-Z ]+", text))


def order_words_stay_at_home(path: str, source: str) -> list[Violation]:
    """No spelling stands anywhere else, and what holds one is compared with no text whatever."""
    if path in {HOME, REQUESTS}:
        return []
    words, tree = spellings(), parse(source)
    spelt = [
        (node.lineno, f"spells the order word {node.value!r}")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in words
    ]
    compared = [(line, f"compares {what} with a text") for line, what in _compared_with_texts(tree)]
    return [Violation(path, line, wrong, REMEDY) for line, wrong in sorted({*spelt, *compared})]


def _compared_with_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                kinds = [ast.unparse(each) for each in sides if _holds_a_word(each)]
                if kinds and any(_is_text(each) for each in sides):
                    yield node.lineno, kinds[0]
            case ast.Match() if _holds_a_word(node.subject):
                patterns = (each for case in node.cases for each in ast.walk(case.pattern))
                if any(isinstance(each, ast.MatchValue) and _is_text(each.value) for each in patterns):
                    yield node.lineno, ast.unparse(node.subject)


def _holds_a_word(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in KINDS
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return re.sub(r"(?=[A-Z])", "_", name).lower() in KINDS
    return False


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(_is_text, node.elts))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
