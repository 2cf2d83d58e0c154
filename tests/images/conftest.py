"""The images, built once for all tests of a run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery.image.builder import APPLICATION
from tests.images.downloads import gateway_installer, ibc_archive, served
from tests.images.workshop import KEPT, Workshop
from tests.required import remedies


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    missing = remedies("buildah", "mmdebstrap", "unshare")
    assert not missing, f"{'; '.join(missing)}; then run these tests as root"
    files = {"gateway.sh": gateway_installer(), "ibc.zip": ibc_archive()}
    with served(files, KEPT) as address:
        made = Workshop(tmp_path_factory.mktemp("clone"), address, files)
        made.prepare()
        yield made
        made.tidy()


@pytest.fixture(scope="session")
def built(workshop: Workshop) -> subprocess.CompletedProcess[str]:
    """The build of both images, with all that it printed."""
    done = workshop.build()
    assert done.returncode == 0, done.stdout
    return done


@pytest.fixture(scope="session")
def root(workshop: Workshop, built: subprocess.CompletedProcess[str]) -> Iterator[Path]:
    """The application image's files, as they are before anything runs."""
    name = workshop.buildah("from", "--pull-never", APPLICATION)
    yield Path(workshop.buildah("mount", name))
    workshop.buildah("umount", name)
    workshop.buildah("rm", name)
