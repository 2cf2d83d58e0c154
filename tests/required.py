"""What tests need of the machine that no Python package brings, and what it means that it is not there: on a person's
machine the test is skipped with what to install; in the pipeline, which sets CI, it fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NoReturn, TypeVar

import pytest

from emulators.programs import Missing

T = TypeVar("T")

REMEDIES: Mapping[str, str] = {
    "buildah": "apt-get install buildah",
    "chromium": "apt-get install chromium",
    "docker-registry": "apt-get install docker-registry",
    "mmdebstrap": "apt-get install mmdebstrap",
    "pulumi": "install the Pulumi CLI (https://www.pulumi.com/docs/install/)",
    "unshare": "apt-get install util-linux",
}
"""Program → what makes it be there. `.ci/install images` installs those that Debian has."""


def tool(name: str, *other_names: str) -> str:
    """The path of this program; elsewhere it may be called otherwise."""
    path = next(filter(None, map(shutil.which, (name, *other_names))), None)
    return path or _is_missing(f"no {name} on PATH: {REMEDIES[name]}")


@contextmanager
def where_installed() -> Generator[None]:
    """Around what starts a stand-in of emulators/, which may not be installed."""
    try:
        yield
    except Missing as missing:
        _is_missing(str(missing))


@contextmanager
def installed(emulator: AbstractContextManager[T]) -> Generator[T]:
    """`emulator`, started where it is installed."""
    with ExitStack() as stack:
        with where_installed():
            started = stack.enter_context(emulator)
        yield started


def remedies(*names: str) -> list[str]:
    """What to do about those of these programs that are not there: for tests that are started by name, and fail."""
    return [REMEDIES[name] for name in names if not shutil.which(name)]


def _is_missing(remedy: str) -> NoReturn:
    if "CI" in os.environ:
        pytest.fail(remedy)
    pytest.skip(remedy)
