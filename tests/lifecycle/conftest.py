"""A person's checkout beside a Google of its own, in which images are built, pushed, deployed and really run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.control_plane.server import control_plane
from tests.delivery.oci_registry import oci_registry
from tests.images.downloads import gateway_installer, ibc_archive, served
from tests.images.workshop import KEPT
from tests.lifecycle.stage import Stage, staged
from tests.required import remedies


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    missing = remedies("buildah", "docker-registry", "mmdebstrap", "pulumi", "unshare")
    assert not missing, f"{'; '.join(missing)}; then run these tests as root"
    folder = tmp_path_factory.mktemp("lifecycle")
    files = {"gateway.sh": gateway_installer(), "ibc.zip": ibc_archive()}
    with (
        served(files, KEPT) as downloads,
        oci_registry(folder / "registry") as registry,
        control_plane() as plane,
        staged(folder, downloads, files, registry, plane) as made,
    ):
        yield made
