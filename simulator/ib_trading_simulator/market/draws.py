"""Pseudo-random numbers that are the same on every machine, in every process and Python version.

Decides how randomness is derived from names: SHAKE-256 of a text key, read as little-endian 32-bit integers.
Anyone can recompute a simulated price in any language; nothing depends on `random`, on hash seeds or on the
order of calls.
"""

from __future__ import annotations

import hashlib
import sys
from array import array

_SCALE = 2.0**-32


def uniforms(key: str, count: int) -> list[float]:
    """`count` numbers in [0, 1), a pure function of `key`; a longer draw begins with the shorter one."""
    words = array("I", hashlib.shake_256(key.encode()).digest(4 * count))
    if sys.byteorder == "big":
        words.byteswap()
    return [word * _SCALE for word in words]


def octets(key: str, count: int) -> bytes:
    """`count` bytes, a pure function of `key`."""
    return hashlib.shake_256(key.encode()).digest(count)
