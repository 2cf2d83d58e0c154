"""What the application image has, and what it has not."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from delivery.image.builder import APPLICATION
from tests.images.workshop import Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

COMPILERS = {"as", "c++", "cc", "clang", "g++", "gcc", "go", "ld", "make", "rustc", "tcc"}
UNCHECKED = (1).to_bytes(4, "little")
"""The flags of a compiled module that is used without a look at its source (PEP 552)."""


def files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for folder, names, others in os.walk(root):
        for name in (*names, *others):
            path = Path(folder) / name
            yield path, path.lstat()


def test_the_container_starts_as_a_user_with_a_display(
    workshop: Workshop, built: subprocess.CompletedProcess[str]
) -> None:
    """Not root, by number, so that the platform can see it; DISPLAY is set for whatever is started in it."""
    configured = json.loads(workshop.buildah("inspect", "--type", "image", APPLICATION))["OCIv1"]["config"]
    assert configured["User"] == "10001:10001"
    assert "DISPLAY=:99" in configured["Env"]
    assert configured["WorkingDir"] == "/app"


def test_the_user_owns_nothing_and_can_write_nowhere_but_in_tmp(root: Path) -> None:
    """What runs cannot change what runs: every file is root's, and only folders for temporary files are open to all."""
    ours, open_to_all = [], []
    for path, status in files(root):
        if status.st_uid != 0 or status.st_gid == 10001:
            ours.append(path)
        open_file = status.st_mode & stat.S_IWOTH and not stat.S_ISLNK(status.st_mode)
        if open_file and not status.st_mode & stat.S_ISVTX and not stat.S_ISCHR(status.st_mode):
            open_to_all.append(path)
    assert ours == []
    assert open_to_all == []


def test_the_image_has_no_compiler(root: Path) -> None:
    """Who gets in finds no tool to build another with."""
    found = {path.name for folder in root.glob("**/*bin") if folder.is_dir() for path in folder.iterdir()}
    assert found & COMPILERS == set()


def test_of_this_repository_the_image_has_the_service_alone(root: Path) -> None:
    """No tests, no simulator, no infrastructure: the service, and how to start it."""
    assert {path.name for path in (root / "app").iterdir()} == {
        "__pycache__",
        "cmd.sh",
        "gunicorn.conf.py",
        "ib_trading",
    }
    for name in ("simulator", "tests", "infra", "delivery", "bench", "demo"):
        assert not (root / "opt/service/lib/python3.12/site-packages" / name).exists()


def test_no_tool_of_the_build_and_no_download_stays(root: Path) -> None:
    """Neither uv nor the installers nor the lists of packages."""
    left = [
        root / "build",
        root / "opt/service/bin/uv",
        *(root / "tmp").iterdir(),
        root / "root/.cache",
    ]
    left += [*(root / "var/lib/apt/lists").iterdir(), *(root / "var/cache/apt").iterdir()]
    assert [path for path in left if path.exists()] == []


@pytest.mark.parametrize(
    "folder",
    ["app", "opt/service/lib", "opt/strategies/lib", "opt/libraries/lib", "usr/local/lib/python3.12"],
)
def test_every_module_is_compiled_and_trusted_by_content(root: Path, folder: str) -> None:
    """A cold import took 3.8 s without, 1.0 s with. Times of files differ between builders, so none is compared."""
    sources = [path for path in (root / folder).rglob("*.py") if "lib2to3/tests" not in str(path)]
    assert len(sources) > 50
    uncompiled = [path for path in sources if not _is_compiled(path)]
    assert uncompiled == []


def _is_compiled(source: Path) -> bool:
    compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-312.pyc"
    return compiled.exists() and compiled.read_bytes()[:8] == MAGIC_NUMBER + UNCHECKED


def test_gateway_and_ibc_are_where_the_service_looks_for_them(root: Path) -> None:
    """One version of the gateway, IBC's script executable, and no start script that would start the gateway without
    IBC."""
    versions = [path.name for path in (root / "opt/ibgateway").iterdir()]
    assert versions == ["10.00"]
    assert os.access(root / "opt/ibc/scripts/ibcstart.sh", os.X_OK)
    assert not (root / "opt/ibgateway/10.00/ibgateway").exists()
