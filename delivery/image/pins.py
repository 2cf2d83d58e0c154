"""Reads images/pins.toml: what the images are made of, and the checksums that make sure of it.

Decides when the pins are complete enough to build, and says of what is missing how to get it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.console.refusal import Refusal

PINS = Path("images/pins.toml")

_KEYS = {"python": ("image",), "gateway": ("version", "url", "sha256"), "ibc": ("version", "url", "sha256")}


class PinsError(Refusal):
    """The pins cannot be built from; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Download:
    version: str
    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pins:
    """`python_image` is a reference with a digest, where it comes from a registry."""

    python_image: str
    gateway: Download
    ibc: Download

    def arguments(self) -> dict[str, str]:
        """The build arguments of images/base/Dockerfile."""
        return {
            "PYTHON_IMAGE": self.python_image,
            "GATEWAY_VERSION": self.gateway.version,
            "GATEWAY_URL": self.gateway.url,
            "GATEWAY_SHA256": self.gateway.sha256,
            "IBC_URL": self.ibc.url,
            "IBC_SHA256": self.ibc.sha256,
        }


def read_pins(file: Path) -> Pins:
    """PinsError for a file that has other tables or keys than there are, or a checksum that is missing or none."""
    try:
        found = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise PinsError(f"{file}: {error}") from error
    if {name: tuple(table) if isinstance(table, dict) else () for name, table in found.items()} != _KEYS:
        expected = ", ".join(f"{name}.{key}" for name, keys in _KEYS.items() for key in keys)
        raise PinsError(f"{file} must have {expected}, in this order, and nothing else")
    return Pins(
        python_image=found["python"]["image"],
        gateway=_download(file, "gateway", found["gateway"]),
        ibc=_download(file, "ibc", found["ibc"]),
    )


def _download(file: Path, name: str, table: dict[str, Any]) -> Download:
    download = Download(**table)
    if not download.sha256:
        raise PinsError(
            f"{file}: {name}.sha256 is empty, and nothing is installed unchecked. Download the file where you trust"
            f" the connection, and write its checksum there:\n  curl -fLo installer.sh {download.url}\n"
            f"  sha256sum installer.sh\nThe same sum from a second place is worth more than from one."
        )
    if not re.fullmatch("[0-9a-f]{64}", download.sha256):
        raise PinsError(f"{file}: {name}.sha256 is not the 64 hexadecimal digits of a SHA-256")
    return download
