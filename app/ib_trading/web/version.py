"""Which version of the service answers."""

from __future__ import annotations

VERSION = "0.1.0"
"""As in pyproject.toml, which a test compares. The container has the service's files and no installed package that
could be asked."""
