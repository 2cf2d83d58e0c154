"""What it means for a test that an emulator is not installed."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest

from emulators.programs import Missing

T = TypeVar("T")


@contextmanager
def told() -> Generator[None]:
    """Skips the test on a person's machine, with what to install; on the build machine it fails."""
    try:
        yield
    except Missing as missing:
        if "CI" in os.environ:
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@contextmanager
def installed(emulator: AbstractContextManager[T]) -> Generator[T]:
    """`emulator`, which is there, or told."""
    with ExitStack() as stack:
        with told():
            started = stack.enter_context(emulator)
        yield started
