"""The strategy of docs/writing-a-strategy.md in the image, and what the guide says of that, followed word by word."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from delivery.image.builder import APPLICATION
from tests.docs.guide import BUILD, IN_IMAGE, files, is_of_the_image, steps
from tests.images.container import Container
from tests.images.service_in_container import service
from tests.images.workshop import Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def container(
    workshop: Workshop, built: subprocess.CompletedProcess[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """The service as the guide's stack file configures it."""
    folder = tmp_path_factory.mktemp("container")
    with service(workshop, folder, stack_file=files()["Pulumi.paper.yaml"]) as running:
        yield running


def test_its_commands_about_the_image_do_what_it_says(
    workshop: Workshop, built: subprocess.CompletedProcess[str]
) -> None:
    """The build, which is made once for all tests, tells of the strategy; the strategy's test passes in the image."""
    commands = [step for step in steps() if isinstance(step, str) and is_of_the_image(step)]
    assert commands[0] == BUILD
    [offered] = re.findall(rf"^strategies in {APPLICATION}: (.*)$", built.stdout, re.MULTILINE)
    assert "spy_macd" in offered.split(", ")
    assert "shadowing-strategies brings a module ib_trading" in built.stdout
    [tests] = commands[1:]
    program = [sys.executable, "-m", "delivery.commands.tests_in_image", "unit", "--tool", "buildah"]
    done = subprocess.run(
        [*program, *shlex.split(tests.removeprefix(IN_IMAGE))],
        cwd=workshop.copy,
        env=workshop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " 2 passed in " in done.stdout


def test_it_decides_in_the_image_under_both_names(container: Container) -> None:
    """By pandas, on the history that the service in the image has fetched."""
    collected = container.ask("POST", "/collect-market-data")
    assert collected.status == 200, collected.body
    answer = container.ask("POST", "/allocation", {"dryRun": True})
    assert answer.status == 200, answer.body
    assert set(answer.body["notes"]) == {"spy_macd", "spy_macd_fast"}
    for noted in answer.body["notes"].values():
        assert noted["bullish"] in {"True", "False"} and float(noted["macd"])
