"""Strategies with a fault, as packages that somebody has installed."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

HEAD = """
import random
from pathlib import Path
from ib_trading.strategies import *

SPY = etf("SPY")
"""


def installed(folder: Path, body: str) -> dict[str, str]:
    """The environment of a process that finds a package whose strategy `planted` is written in `body`."""
    folder.mkdir(exist_ok=True)
    (folder / "planted.py").write_text(HEAD + dedent(body))
    told = folder / "planted-1.dist-info"
    told.mkdir(exist_ok=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[ib_trading.strategies]\nplanted = planted:Planted\n")
    (told / "RECORD").write_text("planted.py,,\n")
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path}
