"""The tests hardly mock, and that mocks would be counted."""

from __future__ import annotations

import pytest

from tests.architecture.mocks import mock_uses, written_tests
from tests.architecture.tree import modules, text_of


def test_there_are_fewer_than_0_1_uses_of_a_mock_library_a_test() -> None:
    uses = {path: mock_uses(path, text_of(path)) for path in modules("tests")}
    written = sum(written_tests(text_of(path)) for path in modules("tests"))
    worst = {path: count for path, count in uses.items() if count}
    assert sum(uses.values()) < 0.1 * written, (
        f"use the simulator, a temporary store or a shipped double: {worst}"
    )


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from unittest.mock import Mock\nbroker = Mock()", 2),
        ("from unittest import mock\nbroker = mock.Mock()\nother = mock.Mock()", 3),
        ("import unittest.mock\n", 1),
        ("def test_x(mocker): ...", 1),
        ("def test_x(monkeypatch): ...", 0),
    ],
)
def test_mocks_are_counted(source: str, uses: int) -> None:
    assert mock_uses("tests/test_x.py", source) == uses
