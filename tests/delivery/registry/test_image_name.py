"""An image has one name, spelled as each of those who ask for it needs it."""

from __future__ import annotations

import pytest

from delivery.console.refusal import Refusal
from delivery.registry.image_name import ImageName, split
from infra.names import Names
from infra.stack_rules import DIGEST

REPOSITORY = "europe-west6-docker.pkg.dev/trading-paper/ib-trading"
SUM = "sha256:" + "0a" * 32


def test_a_stacks_repository_names_its_image() -> None:
    """For registries, for Artifact Registry, for people."""
    name = ImageName.of(REPOSITORY)
    assert str(name) == f"{REPOSITORY}/ib-trading"
    assert name.path == "trading-paper/ib-trading/ib-trading"
    assert name.package == (
        "projects/trading-paper/locations/europe-west6/repositories/ib-trading/packages/ib-trading"
    )
    assert name.tagged("pushed") == f"{REPOSITORY}/ib-trading:pushed"


@pytest.mark.parametrize("shared", [False, True])
def test_a_stacks_file_takes_the_name_of_an_image(shared: bool) -> None:
    """What infra/ checks there, and what is pushed, are the same place; in a shared project too."""
    names = Names("trading-paper", "paper", shared)
    image = ImageName.of(names.images("europe-west6").rstrip("/")).at(SUM)
    assert DIGEST.fullmatch(image)
    assert image.startswith(names.images("europe-west6"))
    assert split(image)[0].at(split(image)[1]) == image


@pytest.mark.parametrize(
    "image",
    [
        f"{REPOSITORY}/ib-trading:pushed",
        f"{REPOSITORY}/ib-trading@sha256:0a",
        f"{REPOSITORY}/other@{SUM}",
        f"docker.io/library/ib-trading@{SUM}",
        SUM,
        "",
    ],
)
def test_what_names_no_image_by_its_digest_is_refused(image: str) -> None:
    """A tag may mean another image tomorrow; another registry is not where a stack looks."""
    with pytest.raises(Refusal, match=r"write|such as"):
        split(image)
