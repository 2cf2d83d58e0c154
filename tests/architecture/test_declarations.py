"""Docstrings of modules and types of public functions, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture.declarations import module_has_a_docstring, public_functions_are_annotated
from tests.architecture.tree import PRODUCT, assert_obeyed, modules


def test_every_module_says_what_it_decides() -> None:
    assert_obeyed(module_has_a_docstring, modules(*PRODUCT, "tests", "noxfile.py"))


def test_every_public_function_is_annotated() -> None:
    assert_obeyed(public_functions_are_annotated, modules(*PRODUCT, "noxfile.py"))


@pytest.mark.parametrize("source", ["", "import os", "# a comment is none", '""" """'])
def test_a_module_without_a_docstring_is_found(source: str) -> None:
    assert module_has_a_docstring("app/ib_trading/x.py", source)


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("def price(of) -> int: ...", "price has no type for of"),
        ("def price(of: int): ...", "price has no type for its result"),
        ("async def price(*, of, **more: int) -> int: ...", "price has no type for of"),
        ("def price(*all) -> None: ...", "price has no type for all"),
        ("class Broker:\n    def place(self, order) -> None: ...", "Broker.place has no type for order"),
        (
            "class Broker:\n    def __init__(self, order: int): ...",
            "Broker.__init__ has no type for its result",
        ),
        (
            "class Broker:\n    @staticmethod\n    def of(order) -> None: ...",
            "Broker.of has no type for order",
        ),
        ("if True:\n    def price(of) -> int: ...", "price has no type for of"),
    ],
)
def test_a_public_function_without_types_is_found(source: str, missing: str) -> None:
    (violation,) = public_functions_are_annotated("app/ib_trading/x.py", source)
    assert missing in str(violation)


@pytest.mark.parametrize(
    "source",
    [
        "def _price(of): ...",
        "def price() -> None:\n    def inner(x): ...",
        "class _Hidden:\n    def place(self, x): ...",
    ],
)
def test_what_is_private_is_left_to_the_linter(source: str) -> None:
    assert public_functions_are_annotated("app/ib_trading/x.py", source) == []
