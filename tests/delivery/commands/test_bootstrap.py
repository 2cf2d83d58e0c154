"""The backend of a stack's state: made once, by commands that are shown first, and never made twice."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("gcloud_program.py")

PLACE = "projects/savings-123456/locations/europe-west6"
BUCKET = "savings-123456-ib-state-paper"
KEY = f"{PLACE}/keyRings/ib-state/cryptoKeys/paper"

QUESTIONS = {"list"}
NEEDED = ("cloudkms", "cloudresourcemanager", "serviceusage", "storage")
NOBODY = """ERROR: (gcloud.services.list) You do not currently have an active account selected.
Please run:

  $ gcloud auth login
"""
TAKEN = (
    "ERROR: (gcloud.storage.buckets.create) HTTPError 409: The requested bucket name is not available. The bucket"
    " namespace is shared by all users of the system."
)
UNPAID = (
    "ERROR: (gcloud.storage.buckets.create) HTTPError 403: The billing account for the owning project is disabled in"
    " state absent."
)
FORBIDDEN = (
    "ERROR: (gcloud.kms.keys.create) PERMISSION_DENIED: Permission 'cloudkms.cryptoKeys.create' denied."
)
TOO_EARLY = (
    "ERROR: (gcloud.kms.keyrings.create) PERMISSION_DENIED: Cloud Key Management Service (KMS) API has not been used in"
    " project 123 before or it is disabled."
)


@dataclass(frozen=True, slots=True)
class Workstation:
    """What a person has: a folder with stack files, and a PATH whose `gcloud` is the program that plays it."""

    folder: Path
    programs: Path

    def world(self, **changes: Any) -> dict[str, Any]:
        """What there is at Google, after `changes` to it."""
        path = self.programs / "world.json"
        world = json.loads(path.read_text(encoding="utf-8")) | changes
        path.write_text(json.dumps(world), encoding="utf-8")
        return world

    def calls(self) -> list[list[str]]:
        path = self.programs / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def acts(self) -> list[str]:
        """What gcloud was asked to change, in order: the words before the flags."""
        words = [[word for word in call if not word.startswith("--")] for call in self.calls()]
        return [" ".join(each[:3]) for each in words if not QUESTIONS & set(each)]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "delivery.commands.bootstrap", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.programs), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}

    def bootstrap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def workstation(tmp_path: Path) -> Workstation:
    programs = tmp_path / "bin"
    programs.mkdir()
    gcloud = programs / "gcloud"
    gcloud.write_text(f"#!{sys.executable} -P\n{PROGRAM.read_text(encoding='utf-8')}", encoding="utf-8")
    gcloud.chmod(0o755)
    empty = {
        "apis": ["storage.googleapis.com"],
        "buckets": [],
        "rings": [],
        "keys": [],
        "refusals": {},
        "hangs": "",
    }
    (programs / "world.json").write_text(json.dumps(empty), encoding="utf-8")
    write_stack_file(tmp_path, "paper")
    return Workstation(tmp_path, programs)


def write_stack_file(folder: Path, stack: str, **google: str) -> None:
    said = {"project": "savings-123456", "region": "europe-west6"} | google
    lines = ["config:", *(f"  gcp:{key}: {value}" for key, value in said.items() if value)]
    (folder / f"Pulumi.{stack}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_an_empty_project_gets_a_versioned_bucket_and_a_key(workstation: Workstation) -> None:
    """In the order in which each needs the one before: APIs, bucket, its versions, key ring, key."""
    done = workstation.bootstrap("paper", "--yes")
    assert done.returncode == 0, done.stderr
    assert workstation.acts() == [
        "services enable cloudkms.googleapis.com",
        "storage buckets create",
        "storage buckets update",
        "kms keyrings create",
        "kms keys create",
    ]
    world = workstation.world()
    assert world["buckets"] == [{"name": BUCKET, "location": "europe-west6", "versioning_enabled": True}]
    assert world["keys"] == [KEY]
    assert set(world["apis"]) == {f"{api}.googleapis.com" for api in NEEDED}


def test_it_shows_every_command_before_it_runs_the_first(workstation: Workstation) -> None:
    """Each is on a line of its own, to be copied, and names the project that it is about."""
    shown, _, made = workstation.bootstrap("paper", "--yes").stdout.partition("enable the APIs …")
    for call in workstation.calls():
        if not QUESTIONS & set(call):
            assert f"  gcloud {' '.join(call)}\n" in shown
    assert made.count("done") == 5
    assert "savings-123456" in shown


def test_it_says_what_comes_next_in_commands_that_can_be_copied(workstation: Workstation) -> None:
    following = workstation.bootstrap("paper", "--yes").stdout.partition("Next:")[2]
    assert f"pulumi login gs://{BUCKET}\n" in following
    assert f"pulumi stack init paper --secrets-provider=gcpkms://{KEY}\n" in following
    assert "pulumi up --stack paper" in following


def test_run_again_it_leaves_what_exists_and_says_again_what_comes_next(workstation: Workstation) -> None:
    """Whoever lost the terminal with the next commands in it runs it again."""
    first = workstation.bootstrap("paper", "--yes")
    before = workstation.world()
    acts = workstation.acts()
    again = workstation.bootstrap("paper", "--yes")
    assert again.returncode == 0
    assert workstation.acts() == acts
    assert workstation.world() == before
    assert again.stdout.partition("Next:")[2] == first.stdout.partition("Next:")[2]


def test_a_bucket_that_keeps_no_versions_is_told_to(workstation: Workstation) -> None:
    """Half made, or made by hand: a state that is overwritten by mistake could not be brought back."""
    apis = [f"{api}.googleapis.com" for api in NEEDED]
    workstation.world(apis=apis, buckets=[{"name": BUCKET}], rings=[f"{PLACE}/keyRings/ib-state"], keys=[KEY])
    assert workstation.bootstrap("paper", "--yes").returncode == 0
    assert workstation.acts() == ["storage buckets update"]


def test_paper_and_live_have_a_bucket_and_a_key_each_even_in_one_project(workstation: Workstation) -> None:
    """Whoever may read paper's state reads nothing of live's; the ring, which holds nothing itself, is one."""
    write_stack_file(workstation.folder, "live")
    for stack in ("paper", "live"):
        assert workstation.bootstrap(stack, "--yes").returncode == 0
    world = workstation.world()
    assert len({bucket["name"] for bucket in world["buckets"]}) == len(set(world["keys"])) == 2
    assert world["rings"] == [f"{PLACE}/keyRings/ib-state"]


def test_to_show_is_to_ask_nobody_and_to_need_no_gcloud(workstation: Workstation) -> None:
    (workstation.programs / "gcloud").unlink()
    shown = workstation.bootstrap("paper", "--show")
    assert shown.returncode == 0
    assert len([line for line in shown.stdout.splitlines() if line.startswith("  gcloud ")]) == 5
    assert workstation.calls() == []


def test_without_a_terminal_and_without_a_yes_nothing_is_done(workstation: Workstation) -> None:
    done = workstation.bootstrap("paper")
    assert done.returncode == 1
    assert "gcloud storage buckets create" in done.stdout
    assert "--yes" in done.stderr and "nothing was done" in done.stderr
    assert workstation.acts() == []


@pytest.mark.parametrize(("typed", "made"), [("y\n", 1), ("\n", 0), ("no\n", 0)])
def test_a_person_is_asked_and_silence_is_no_consent(workstation: Workstation, typed: str, made: int) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        workstation.command("paper"),
        cwd=workstation.folder,
        env=workstation.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
    )
    os.write(ours, typed.encode())
    with process:
        assert process.stdout is not None
        assert b"Run them? [y/N]" in process.stdout.read()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 1 - made
    assert len(workstation.world()["buckets"]) == made


def test_a_machine_without_gcloud_is_told_where_it_comes_from(workstation: Workstation) -> None:
    (workstation.programs / "gcloud").unlink()
    done = workstation.bootstrap("paper", "--yes")
    assert done.returncode == 1
    assert "https://cloud.google.com/sdk/docs/install" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "refusal", "remedy"),
    [
        ("services list", NOBODY, "nobody is logged in: gcloud auth login"),
        ("buckets create", TAKEN, "that name is taken in another project"),
        ("buckets create", UNPAID, "gcloud billing projects link"),
        ("keys create", FORBIDDEN, "roles/cloudkms.admin"),
        ("keyrings create", TOO_EARLY, "takes a minute: run this again"),
        ("keyrings create", "ERROR: gcloud crashed (OSError)", "run this again: what exists is left"),
    ],
    ids=["nobody", "taken", "unpaid", "forbidden", "too early", "unknown"],
)
def test_what_gcloud_refuses_is_said_with_the_remedy_and_nothing_after_it_is_tried(
    workstation: Workstation, command: str, refusal: str, remedy: str
) -> None:
    """gcloud's own words, the command that they are about, and what to do; then the next run goes on from there."""
    workstation.world(refusals={command: refusal})
    done = workstation.bootstrap("paper", "--yes")
    assert done.returncode == 1
    assert refusal.strip() in done.stderr
    assert remedy in done.stderr
    assert "Next:" not in done.stdout
    assert command in " ".join(workstation.calls()[-1])
    workstation.world(refusals={})
    assert workstation.bootstrap("paper", "--yes").returncode == 0
    acts = workstation.acts()
    assert acts.count("storage buckets create") <= 1 + (command == "buckets create")
    assert workstation.world()["keys"] == [KEY]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_so_leaves_no_gcloud_behind_and_can_be_run_again(
    workstation: Workstation, number: signal.Signals
) -> None:
    os.mkfifo(workstation.programs / "reached")
    os.mkfifo(workstation.programs / "never")
    workstation.world(hangs="keyrings create")
    process = subprocess.Popen(
        workstation.command("paper", "--yes"),
        cwd=workstation.folder,
        env=workstation.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        # Opens once gcloud waits, and not before.
        (workstation.programs / "reached").read_text(encoding="utf-8")
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted; run it again" in said
    # Nobody holds the other end any more: the gcloud that waited there is gone.
    with pytest.raises(OSError, match="No such device"):
        os.open(workstation.programs / "never", os.O_WRONLY | os.O_NONBLOCK)
    workstation.world(hangs="")
    assert workstation.bootstrap("paper", "--yes").returncode == 0
    assert workstation.acts().count("storage buckets create") == 1


@pytest.mark.parametrize(
    ("stack", "google", "sentence"),
    [
        ("Paper", {}, "4 to 17 small letters"),
        ("paper;rm", {}, "4 to 17 small letters"),
        ("second", None, "Pulumi.second.yaml is not there; copy Pulumi.paper.yaml"),
        ("second", {"project": ""}, "Pulumi.second.yaml: gcp:project is missing; write it under config:"),
        ("second", {"region": ""}, "Pulumi.second.yaml: gcp:region is missing"),
        ("second", {"project": "My Project"}, "gcp:project: 'My Project' is none; write one such as"),
        ("second", {"region": "zurich"}, "gcp:region: 'zurich' is none"),
    ],
)
def test_a_file_that_does_not_say_where_is_a_sentence_with_key_and_remedy(
    workstation: Workstation, stack: str, google: dict[str, str] | None, sentence: str
) -> None:
    if google is not None:
        write_stack_file(workstation.folder, stack, **google)
    done = workstation.bootstrap(stack, "--yes")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert workstation.calls() == []


@pytest.mark.parametrize("arguments", [(), ("paper", "--yes", "--show"), ("paper", "--force")])
def test_wrong_options_are_refused_before_anything(
    workstation: Workstation, arguments: Sequence[str]
) -> None:
    assert workstation.bootstrap(*arguments).returncode == 2
    assert workstation.calls() == []


def test_the_names_fit_into_googles_limits_however_long_project_and_stack_are(
    workstation: Workstation,
) -> None:
    """A bucket's name has at most 63 characters; a project's id 30, a stack's name 17."""
    stack, project = "a" * 17, "p" * 30
    write_stack_file(workstation.folder, stack, project=project)
    assert workstation.bootstrap(stack, "--yes").returncode == 0
    [bucket] = workstation.world()["buckets"]
    assert len(bucket["name"]) <= 63


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="no gcloud on PATH that could judge the commands")
@pytest.mark.timeout(900)
def test_the_real_gcloud_understands_every_command(workstation: Workstation, tmp_path: Path) -> None:
    """It parses the command, and then asks for an account: here nobody is logged in, whoever the machine belongs to,
    and no way leads out."""
    alone = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path / "config"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_PROXY_TYPE": "http",
        "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
        "CLOUDSDK_PROXY_PORT": "1",
    }
    shown = [shlex.split(line) for line in workstation.bootstrap("paper", "--show").stdout.splitlines()]
    assert len(shown) == 5
    for command in shown:
        told = subprocess.run(command, env=alone, capture_output=True, text=True, check=False).stderr
        assert "You do not currently have an active account selected" in told, told
