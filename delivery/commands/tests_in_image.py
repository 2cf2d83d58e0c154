"""`python -m delivery.commands.tests_in_image unit|integration [--tool NAME] [pytest's own arguments]`: runs tests in
the image that `images` built.

Decides which tests those are, and what they see: the service as the image has it, with its Python and its packages, and
beside it what only tests need, mounted and never copied in. Exit codes: 0 when all passed, 1 with a sentence when not,
130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.commands.session import ended
from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.image.builder import APPLICATION, TOOLS, find_tool
from delivery.image.packages_for_tests import make_packages
from delivery.image.runner import Run, run
from delivery.stack.stack_file import stacks

UNIT = ("adapters", "contracts", "core", "intents", "schema", "strategies", "web")
"""Folders of tests that ask the service's own code and nobody else."""

INTEGRATION = ("api", "crash", "gateway", "wire")
"""Folders of tests in which the service, or its adapter, talks to the simulator or to a gateway's process over TCP."""

ELSEWHERE = {
    "architecture": "judges the sources",
    "calendars": "has no tests, but what makes the table of trading days",
    "clients": "has libraries that are not the service's",
    "control_plane": "has no tests, but what stands in for Google's APIs",
    "delivery": "is about these sessions",
    "demo": "is about a program that is in no image",
    "docs": "is about the pages",
    "emulators": "has a session of its own, with emulators",
    "engine": "is about the Pulumi program",
    "host": "is about the process of the strategies, which tests of the images start there",
    "ground": "is about the wrapper and the tests' own ground",
    "images": "looks at the images from outside",
    "infra": "is about the Pulumi program",
    "lifecycle": "is about the sessions and the images together",
    "mutants": "has no tests, but what changes the rules to try them",
    "readme": "is about the README",
    "simulator": "is about the simulator, which is in no image",
    "workbench": "is about a program that is in no image",
}
"""Folders of tests that the image has nothing to do with, each with the reason."""

HOME = "/app"
"""Where the image has the service; what only tests need is put beside them."""
MOUNTED = ("emulators", "pyproject.toml", "simulator", "tests")
PACKAGES = Path(".nox/packages-for-tests")
"""In the checkout: a build step on Cloud Build may mount what is in its workspace, and nothing else of its machine
(https://github.com/GoogleCloudPlatform/cloud-builders/issues/323)."""
PACKAGES_THERE = "/srv/packages"

PROGRAMS = {"unit": "./nox -s tests -- --in-image", "integration": "./nox -s integration --"}
"""Part → the session that names it, which is what a person calls."""

WORKERS = max(2, os.cpu_count() or 1)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog=PROGRAMS.get(next(iter(arguments), ""), "python -m delivery.commands.tests_in_image"),
        description="Runs tests in the image; arguments that are not its own go to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("part", choices=tuple(PROGRAMS), help=argparse.SUPPRESS)
    parser.add_argument("--tool", choices=TOOLS, help="the first of them that works, unless given")
    given, selection = parser.parse_known_args(arguments)
    folders = UNIT if given.part == "unit" else INTEGRATION
    return ended(
        "tests in the image", lambda: _run(given.tool, folders, selection), "run it again at any time"
    )


def _run(wanted: str | None, folders: Sequence[str], selection: Sequence[str]) -> int:
    tool = find_tool(wanted)
    print(f"In {APPLICATION}, with {tool}: the tests of {', '.join(folders)}.")
    with step("make the folder of what they need and the image does not have"):
        packages = make_packages(PACKAGES)
    print(f"{len(packages)} packages, among them {next(p for p in packages if p.startswith('pytest=='))}")
    code = run(tool, in_image(folders, selection))
    if code:
        raise Refusal(failed(code))
    return 0


def in_image(folders: Sequence[str], selection: Sequence[str]) -> Run:
    """pytest over these folders in the image; `selection` is more for pytest."""
    mounted = {Path(name): f"{HOME}/{name}" for name in (*MOUNTED, *_stack_files())}
    mounted[PACKAGES] = PACKAGES_THERE
    spread = ("--numprocesses", str(WORKERS), "--dist=worksteal")
    tests = [f"tests/{folder}" for folder in folders]
    # -p no:cacheprovider: there is nowhere to keep it.
    command = ("python", "-m", "pytest", "-p", "no:cacheprovider", *spread, *tests, *selection)
    environment = {
        "PYTHONPATH": f"{PACKAGES_THERE}:{HOME}/simulator",
        "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis",  # noqa: S108  in the container
    } | ({"CI": "true"} if "CI" in os.environ else {})
    return Run(APPLICATION, command, mounted, environment, HOME)


def _stack_files() -> list[str]:
    """What the service reads its trading configuration from here; in the cloud it has a document."""
    return [f"Pulumi.{stack}.yaml" for stack in stacks(Path())]


def failed(code: int) -> str:
    """What pytest's exit code means here (https://docs.pytest.org/en/stable/reference/exit-codes.html); what docker and
    podman mean by theirs (https://docs.docker.com/engine/containers/run/#exit-status)."""
    if code == 1:
        return "some failed, as said above; one alone: -- -k NAME. What passes outside may miss a package in the image"
    if code == 5:
        return "none was selected; leave out what comes after --"
    if code in {125, 126, 127}:
        return f"the container did not start ({code}), as said above; ./nox -s images builds the image"
    return f"pytest ended with {code}, as said above"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
