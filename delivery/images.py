"""`python -m delivery.images [--tool NAME] [--pins FILE]`: builds the base image, then the application image on it.

Decides the images' names and what each is built from; prints their sizes, layer by layer. Exit codes: 0 when both are
there, 1 with a sentence when one is not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.image_builder import TOOLS, BuildError, Layer, build, find_tool, layers
from delivery.pins import PINS, PinsError, read_pins

BASE = "localhost/ib-trading-base"
APPLICATION = "localhost/ib-trading"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m delivery.images", description="Builds both images.")
    parser.add_argument("--tool", choices=TOOLS, help="the first of them that works, unless given")
    parser.add_argument("--pins", type=Path, default=PINS, help="what the images are made of (%(default)s)")
    given = parser.parse_args(arguments)
    try:
        pins = read_pins(given.pins)
        tool = find_tool(given.tool)
        build(tool, Path("images/base/Dockerfile"), Path("images/base"), BASE, pins.arguments())
        application = Path("images/application/Dockerfile")
        build(tool, application, Path(), APPLICATION, {"BASE_IMAGE": BASE})
        for name in (BASE, APPLICATION):
            print(described(name, layers(tool, name)))
    except (PinsError, BuildError) as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    return 0


def described(name: str, of: Sequence[Layer]) -> str:
    """A line for the image and one a layer, sizes in megabytes of 10⁶ bytes."""
    lines = [f"{name}: {_megabytes(sum(layer.size for layer in of))} in {len(of)} layers"]
    lines += [f"{_megabytes(layer.size):>12}  {_instruction(layer.made_by)}" for layer in of]
    return "\n".join(lines)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _instruction(made_by: str) -> str:
    """What made a layer, on one line, without the shell and the arguments that every tool spells differently."""
    words = made_by.rpartition("/bin/sh -c")[2].replace("#(nop)", "").split()
    text = " ".join(words)
    return text if len(text) <= 90 else text[:89] + "…"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
