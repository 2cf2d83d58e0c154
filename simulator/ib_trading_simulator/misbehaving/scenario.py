"""A scenario: a file of faults that hold from the start, TOML or, by the ending `.json`, JSON.

    about = "what goes wrong"
    incident = "where it was reported"
    correct_client = "what a client does that is not fooled"

    [[faults]]
    when = { message = "execDetailsEnd", times = "always" }
    what = "omit"

Decides what such a file may hold; each `{when, what}` is faults.py's, and the same as for POST /fault. JSON may be the
list of faults alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ib_trading_simulator.misbehaving.faults import FaultError, only

SHIPPED = Path(__file__).parents[1] / "scenarios"

_TEXTS = ("about", "incident", "correct_client")


class ScenarioError(ValueError):
    """A scenario that cannot be followed; the text names the file, the fault and what would do."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`faults` are as they were spelled, in their order; the texts are for people."""

    faults: tuple[Mapping[str, Any], ...]
    about: str = ""
    incident: str = ""
    correct_client: str = ""


def read_scenario(path: Path) -> Scenario:
    """Raises ScenarioError for a file that is not there, is no TOML or JSON, or holds anything that is not known."""
    # Imported here: the simulator starts without a scenario most of the time, and its start is measured.
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        said = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ScenarioError(f"{path} cannot be read: {error}") from None
    if isinstance(said, list):
        said = {"faults": said}
    if not isinstance(said, dict):
        raise ScenarioError(f"{path} holds no list of faults")
    try:
        only("a scenario", said, (*_TEXTS, "faults"))
    except FaultError as error:
        raise ScenarioError(f"{path}: {error}") from None
    for name in _TEXTS:
        if not isinstance(said.get(name, ""), str):
            raise ScenarioError(f"{path}: {name} is {said[name]!r}: a text")
    faults = said.get("faults")
    if not isinstance(faults, list) or not faults or not all(isinstance(one, dict) for one in faults):
        raise ScenarioError(f'{path} has no faults: a list of {{"when": ..., "what": ...}}')
    return Scenario(tuple(faults), *(said.get(name, "") for name in _TEXTS))
