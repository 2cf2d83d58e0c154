"""The workflows for GitHub: checks on every push, and the deployment for those who build there."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml

from tests.delivery.nox_commands import REPOSITORY, UNKNOWN, Command, names, refusal
from tests.delivery.pipelines.test_cloudbuild import COMMANDS

FOLDER = REPOSITORY / ".github/workflows"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir())}
# YAML 1.1 reads the key `on` as true.
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
STACK = "${{ vars.STACK }}"

PREPARING = {
    ".ci/install firestore",
    ".ci/install images",
    "apt-get update -qq && apt-get install -qq --yes --no-install-recommends git",
}
"""What a machine needs before the sessions: as .ci/run installs it, and git where the checkout finds none."""


def jobs() -> list[tuple[str, Any]]:
    return [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"].values()]


def commands(workflow: str) -> list[Command]:
    found = []
    for job in WORKFLOWS[workflow]["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {}).get("session", [""])
        for step in job.get("steps", ()):
            if "run" in step and step["run"] not in PREPARING:
                text = step["run"].replace(STACK, "paper")
                texts = [text.replace("${{ matrix.session }}", session) for session in matrix]
                found += [Command.read(shlex.split(each)) for each in dict.fromkeys(texts)]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_each_step_is_one_command_of_nox_that_exists(workflow: str) -> None:
    """No script grows there that nobody can run elsewhere."""
    found = commands(workflow)
    assert found
    assert {session for command in found for session in command.sessions} <= names()


def gate() -> set[str]:
    """The sessions that .ci/run starts, each in its own environment, if only to explain itself."""
    text = (REPOSITORY / ".ci/run").read_text(encoding="utf-8").replace("\\\n", "")
    lines = re.findall(r"^sessions (\./nox -s .+)$", text, re.MULTILINE)
    return {session for line in lines for session in Command.read(line.split()).sessions}


def test_the_gate_starts_every_session() -> None:
    """One that is started nowhere lacks a library some day, and nobody notices before it is needed."""
    assert gate() == {name for name in names() if not name.startswith("tests-3")}


def test_the_checks_are_those_of_the_gate() -> None:
    """Every session of .ci/run: nothing is deployed that the gate would have stopped."""
    checked = {session for command in commands("checks.yml") for session in command.sessions}
    assert {session.partition("-3")[0] for session in checked} == gate()
    assert {name for name in checked if name.startswith("tests-")} == {
        name for name in names() if name.startswith("tests-3")
    }


def test_the_images_are_tested_where_their_own_python_runs() -> None:
    """Debian with the Python of a machine whose libraries are newer than Debian's would not start."""
    pinned = tomllib.loads((REPOSITORY / "images/pins.toml").read_text(encoding="utf-8"))["python"]["image"]
    job = WORKFLOWS["checks.yml"]["jobs"]["images"]
    assert job["container"]["image"] == pinned
    assert set(job["strategy"]["matrix"]["session"]) == {"delivery", "image-tests", "lifecycle"}


def test_a_deployment_is_what_cloud_build_does() -> None:
    """The same sessions in the same order with the same arguments: two pipelines, one behaviour."""
    assert commands("deploy.yml") == COMMANDS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", commands("deploy.yml"), ids=lambda command: command.sessions[0])
def test_the_programs_take_the_arguments(command: Command) -> None:
    if command.program[0] == "delivery.commands.tests_in_image":
        # What it does not know it leaves to pytest.
        return
    assert refusal(command) == f"unrecognized arguments: {UNKNOWN}"


def test_a_failure_is_heard_of_early_and_stops_the_rest() -> None:
    """What takes a minute first; then all at once, until one fails; nothing is deployed before."""
    checks, deploy = WORKFLOWS["checks.yml"]["jobs"], WORKFLOWS["deploy.yml"]["jobs"]
    assert all(checks[job]["needs"] == "first" for job in checks if job != "first")
    assert all(job.get("strategy", {"fail-fast": True})["fail-fast"] is True for job in checks.values())
    assert deploy["deploy"]["needs"] == "checks"
    assert deploy["checks"] == {"uses": "./.github/workflows/checks.yml"}
    assert not re.search(r"continue-on-error|always\(\)|failure\(\)", "".join(TEXTS.values()))


def test_every_action_is_pinned_by_its_commit() -> None:
    """A tag of an action can be moved by whoever owns it. The comment says which version it was."""
    for name, text in TEXTS.items():
        for line in re.findall(r"uses: (.+)", text):
            assert line.startswith("./") or re.fullmatch(
                r"[a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line
            ), f"{name}: {line}"


def test_a_run_may_read_and_only_the_deployment_may_say_who_it_is() -> None:
    """Google takes GitHub's word for it, so no key is kept anywhere; a pull request's run cannot ask for that."""
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {"contents": "read"}
    asking = [job for _, job in jobs() if "id-token" in job.get("permissions", {})]
    assert asking == [WORKFLOWS["deploy.yml"]["jobs"]["deploy"]]
    assert WORKFLOWS["deploy.yml"][True] == {"push": {"branches": ["main"]}}
    together = "".join(TEXTS.values())
    assert "secrets." not in together
    assert "pull_request_target" not in together
    assert "credentials_json" not in together


def test_a_build_has_no_access_and_its_tests_see_none() -> None:
    """What is built and what the tests import comes from many; none of it sees a credential of Google's: the image is
    there before there is an access, and tests run in a container without a network, as
    tests/delivery/commands/test_tests_in_image.py shows."""
    steps = WORKFLOWS["deploy.yml"]["jobs"]["deploy"]["steps"]
    [auth] = [
        number for number, step in enumerate(steps) if "google-github-actions/auth" in step.get("uses", "")
    ]
    before = [step["run"] for step in steps[:auth] if "run" in step]
    assert before == ["./nox -s images"]
    tested = [
        command for command in commands("deploy.yml") if command.sessions[0] in ("tests", "integration")
    ]
    assert [command.program[0] for command in tested] == ["delivery.commands.tests_in_image"] * 2


def test_a_deployment_is_not_broken_off_for_a_newer_one() -> None:
    concurrency = WORKFLOWS["deploy.yml"]["jobs"]["deploy"]["concurrency"]
    assert concurrency == {"group": f"deploy-{STACK}", "cancel-in-progress": False}


def test_every_job_has_an_end() -> None:
    """GitHub's own limit is six hours."""
    assert all(job["timeout-minutes"] <= 90 for _, job in jobs() if "steps" in job)
