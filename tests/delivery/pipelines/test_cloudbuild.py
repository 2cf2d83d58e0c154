"""cloudbuild.yaml: each step is a session that a person could run, in an order that deploys only what has passed."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.delivery.nox_commands import REPOSITORY, UNKNOWN, Command, cloud_build, names, refusal

TEXT = (REPOSITORY / "cloudbuild.yaml").read_text(encoding="utf-8")
BUILD = yaml.safe_load(TEXT)
STEPS = BUILD["steps"]
COMMANDS = cloud_build("paper")
PIPELINE = (REPOSITORY / "infra/components/build_pipeline.py").read_text(encoding="utf-8")


def test_each_step_is_one_session_that_exists() -> None:
    """Nothing is done there that cannot be tried at a keyboard."""
    assert [len(command.sessions) for command in COMMANDS] == [1] * len(STEPS)
    assert {session for command in COMMANDS for session in command.sessions} <= names()


def test_what_is_pushed_before_it_has_passed_is_a_candidate() -> None:
    """`pushed` is what `deploy` takes, whoever calls it: what failed must never be there. The tests run between the
    push and the deployment, in the image that was pushed."""
    assert [command.sessions[0] for command in COMMANDS] == [
        "images", "push", "safety", "tests", "integration", "deploy", "cleanup",
    ]  # fmt: skip
    assert COMMANDS[1].arguments == ("paper", "--candidate")
    assert COMMANDS[3].arguments == ("--in-image",)


def test_one_step_is_done_after_the_other_and_a_failure_ends_the_build() -> None:
    """A step may say otherwise by these keys, and then a deployment would not wait for the tests."""
    keys = {key for step in STEPS for key in step}
    assert keys == {"id", "name", "entrypoint", "args"}
    assert len({step["id"] for step in STEPS}) == len(STEPS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.sessions[0])
def test_the_sessions_program_takes_the_arguments(command: Command) -> None:
    """A misspelt option would be found out by the first push after the change."""
    if command.program[0] == "delivery.commands.tests_in_image":
        # What it does not know it leaves to pytest.
        assert set(command.arguments) <= {"--in-image"}
        return
    assert refusal(command) == f"unrecognized arguments: {UNKNOWN}"


def test_an_argument_that_no_program_takes_is_found() -> None:
    """The test above can fail."""
    assert refusal(Command(("cleanup",), ("paper", "--yess"))) == f"unrecognized arguments: --yess {UNKNOWN}"


def test_nobody_is_asked_and_the_image_is_named() -> None:
    """A question ends a build, and so does a difference between the stack's file of a commit and what serves."""
    deploy, cleanup = COMMANDS[5:]
    assert deploy.arguments == ("paper", "--image", "candidate", "--yes")
    assert "--yes" in cleanup.arguments


def test_every_substitution_is_defined_and_used_and_set_by_the_trigger() -> None:
    """One that is not used is an error of `gcloud builds submit`, one that is not defined an empty word."""
    used = set(re.findall(r"\$\{?([A-Z_]+)", "".join(word for step in STEPS for word in step["args"])))
    assert used == set(BUILD["substitutions"]) == set(re.findall(r'substitutions=\{"(\w+)"', PIPELINE))
    assert BUILD["substitutions"]["_STACK"] == "paper"


def test_the_steps_image_is_one_and_pinned_by_its_digest() -> None:
    """What deploys with the right to change the service is not whatever a tag points at today."""
    [name] = {step["name"] for step in STEPS}
    assert re.fullmatch(r"docker\.io/pulumi/pulumi:3\.\d+\.\d+@sha256:[0-9a-f]{64}", name)


def test_the_log_goes_where_an_own_account_may_write_it() -> None:
    """The trigger has one, so Google takes no build that leaves this out; its role is to write log lines."""
    assert BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"
    assert "roles/logging.logWriter" in PIPELINE


def test_it_knows_no_secret_and_has_time() -> None:
    """Nothing is decrypted for a step, no key is written down; an hour is more than twice what it takes."""
    assert not {"secrets", "availableSecrets"} & set(BUILD)
    assert not re.search(r"secretEnv|password|token|PULUMI_ACCESS|BEGIN", TEXT)
    assert BUILD["timeout"] == "3600s"
