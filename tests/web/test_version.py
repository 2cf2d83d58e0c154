"""Which version of the service answers."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.service import ServiceUnderTest, closed_port

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_document_says_the_version_that_the_project_has(tmp_path: Path) -> None:
    """In the container too, where no package is installed that could be asked: /openapi.json answered 500 there."""
    document = ServiceUnderTest.over(tmp_path, closed_port()).get("/openapi.json")
    assert document.status == 200
    assert document.body["info"]["version"] == tomllib.loads(PROJECT.read_text())["project"]["version"]
