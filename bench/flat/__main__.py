"""A Pulumi program without any structure: registers what a file lists, one after the other, by the same library.

The baseline of bench/preview.py, copied beside a Pulumi.yaml of its own. Imports nothing of the project.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pulumi

LISTED = "resources.json"
"""[{"type": token, "name": …, "inputs": {…}}, …]; an own type, without a provider, is a component without children."""


def register(type_: str, name: str, inputs: dict[str, Any]) -> pulumi.Resource:
    package, module, class_ = type_.split(":")
    if package != "gcp":
        return pulumi.ComponentResource(type_, name)
    service = importlib.import_module(f"pulumi_gcp.{module.partition('/')[0]}")
    given = {re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", key): inputs[key] for key in inputs}
    return getattr(service, class_)(name, **given)


def main() -> None:
    for each in json.loads((Path(__file__).parent / LISTED).read_text(encoding="utf-8")):
        register(each["type"], each["name"], each["inputs"])


if __name__ == "__main__":
    main()
