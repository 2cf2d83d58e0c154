"""Fetches one file for the image and refuses it unless it has the SHA-256 that was asked for.

    python fetch.py URL SHA256 FILE

Decides what counts as fetched: the whole file under its name, or nothing. Runs inside the build, on the Python that
the image is made on, so that the image needs no curl.
"""

import hashlib
import re
import sys
import urllib.request
from pathlib import Path

SILENCE_SECONDS = 60
CHUNK = 1 << 20


def fetch(url: str, sha256: str, file: Path) -> None:
    """SystemExit with a sentence where `url` cannot be had, or is not what `sha256` says; `file` is then not there."""
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise SystemExit(f"fetch: {url}: {sha256!r} is not a SHA-256; see images/pins.toml")
    digest = hashlib.sha256()
    partial = file.with_name(file.name + ".partial")
    try:
        # The scheme is the pinned file's business, and whatever it serves must have the checksum.
        with urllib.request.urlopen(url, timeout=SILENCE_SECONDS) as answer, partial.open("wb") as out:  # noqa: S310
            while chunk := answer.read(CHUNK):
                digest.update(chunk)
                out.write(chunk)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SystemExit(f"fetch: {url}: {error}") from error
    if digest.hexdigest() != sha256:
        partial.unlink()
        raise SystemExit(f"fetch: {url} has SHA-256 {digest.hexdigest()}, not {sha256}; refused")
    partial.rename(file)


if __name__ == "__main__":
    fetch(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
