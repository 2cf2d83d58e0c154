"""Plays `pulumi stack output --json` for sessions that ask nothing else of it: a program that knows one answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

STACK_FILE = "config:\n  gcp:project: my-project\n  gcp:region: europe-west6\n"
PROGRAM = """\
#!{python}
import sys
if sys.argv[1:4] != ["stack", "output", "--json"]:
    sys.exit("unknown here: " + " ".join(sys.argv[1:]))
print({said!r})
"""


def install(folder: Path, outputs: Mapping[str, str], stack: str = "paper") -> None:
    """A checkout of one stack in `folder`, with that program in `folder/bin`."""
    (folder / f"Pulumi.{stack}.yaml").write_text(STACK_FILE, encoding="utf-8")
    program = folder / "bin" / "pulumi"
    program.parent.mkdir(exist_ok=True)
    program.write_text(
        PROGRAM.format(python=sys.executable, said=json.dumps(dict(outputs))), encoding="utf-8"
    )
    program.chmod(0o755)
