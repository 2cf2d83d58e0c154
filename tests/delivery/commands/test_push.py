"""A push puts the image that was built where its stack looks for it, and tells nobody the token that opens it.

The tool is Debian's buildah, behind a program of its name that writes down how it was called.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from delivery.google.clients import STAND_IN_TOKEN
from delivery.google.endpoints import VARIABLE
from delivery.image.builder import APPLICATION, Login, build, identity, push
from delivery.registry.connection import USER
from delivery.registry.image_name import ImageName
from tests.control_plane.artifact_registry import ArtifactRegistry
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery.oci_registry import OciRegistry, digest_of, oci_registry
from tests.required import tool

ROOT = Path(__file__).resolve().parents[3]
NAME = ImageName("europe-west6", "trading-paper", "ib-trading")
STACK_FILE = "config:\n  gcp:project: trading-paper\n  gcp:region: europe-west6\n"
OUTPUTS = {
    "tradingMode": "paper",
    "serviceName": "ib-trading",
    "repository": "europe-west6-docker.pkg.dev/trading-paper/ib-trading",
    "secret": "ib-credentials",
    "operatorAccount": "operator@trading-paper.iam.gserviceaccount.com",
}
RECORDING = """\
#!/bin/sh
echo "$0 $*" >>'{calls}'
env >>'{calls}'
next=
for word; do
  if [ "$next" ]; then stat -c '%a %n' "$word" >>'{calls}'; fi
  next=; if [ "$word" = --authfile ]; then next=1; fi
done
{before}
exec '{program}' "$@"
"""


@dataclass(slots=True)
class Terminal:
    """A person's terminal in a checkout with one stack, where only some programs are."""

    folder: Path
    calls: Path
    environment: dict[str, str]
    registry: OciRegistry
    google: ArtifactRegistry
    plane: ControlPlane

    def install(self, program: str, script: str) -> None:
        path = self.folder / "bin" / program
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)

    def record(self, before: str = "") -> None:
        program = shutil.which("buildah")
        self.install("buildah", RECORDING.format(calls=self.calls, program=program, before=before))

    def push(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "delivery.commands.push", "paper", "--tool", "buildah", *arguments]


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Terminal]:
    tool("buildah")
    for folder in ("bin", "temporary"):
        (tmp_path / folder).mkdir()
    (tmp_path / "Pulumi.paper.yaml").write_text(STACK_FILE, encoding="utf-8")
    storage = tmp_path / "storage.conf"
    # vfs needs nothing of the machine's kernel.
    roots = f'graphroot = "{tmp_path / "images"}"\nrunroot = "{tmp_path / "run"}"\n'
    storage.write_text(f'[storage]\ndriver = "vfs"\n{roots}', encoding="utf-8")
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(storage))
    with oci_registry(tmp_path / "registry") as registry, control_plane() as plane:
        google = ArtifactRegistry(registry)
        google.serve(plane)
        environment = {
            "PATH": os.pathsep.join((str(tmp_path / "bin"), os.environ["PATH"])),
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(tmp_path / "temporary"),
            "CONTAINERS_STORAGE_CONF": str(storage),
            VARIABLE: json.dumps({"control_plane": plane.address, "registry": registry.address}),
        }
        terminal = Terminal(tmp_path, tmp_path / "calls", environment, registry, google, plane)
        terminal.install("pulumi", f"#!/bin/sh\necho '{json.dumps(OUTPUTS)}'\n")
        yield terminal


@pytest.fixture
def built(terminal: Terminal) -> Terminal:
    """With a small image under the name that `images` gives it."""
    context = terminal.folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n", encoding="utf-8")
    build("buildah", context / "Dockerfile", context, APPLICATION, {})
    terminal.record()
    return terminal


def test_the_pushed_image_is_where_the_stack_looks_for_it(built: Terminal) -> None:
    """Under the tag that deploy asks for; what is printed is the registry's own digest, and the next command."""
    done = built.push()
    assert (done.returncode, done.stderr.count("push:")) == (0, 0), done.stderr
    digest = built.registry.tags(NAME.path)["pushed"]
    assert digest_of(built.registry.manifest(NAME.path, "pushed")[1]) == digest
    assert f"\n{NAME.at(digest)}\n" in done.stdout
    assert "./nox -s deploy -- paper" in done.stdout


def test_a_candidate_is_not_what_a_plain_deploy_takes(built: Terminal) -> None:
    """What has not passed has a tag of its own; the printed command is the one that takes it, and says so."""
    done = built.push("--candidate")
    assert done.returncode == 0, done.stderr
    digest = built.registry.manifest(NAME.path, "candidate")
    assert set(built.registry.tags(NAME.path)) == {"candidate"}
    assert f"\n{NAME.at(digest_of(digest[1]))}\n" in done.stdout
    assert "./nox -s deploy -- paper --image candidate" in done.stdout


def test_what_was_pushed_is_told_from_another_image(built: Terminal) -> None:
    """By what the tool knows it by, which is the configuration that the registry has; an image that is not here is
    nothing. It is the tool's own answer that `deploy` compares."""
    assert built.push("--candidate").returncode == 0
    _, manifest = built.registry.manifest(NAME.path, "candidate")
    assert identity("buildah", APPLICATION) == json.loads(manifest)["config"]["digest"]
    assert identity("buildah", "localhost/another") == ""


def test_a_second_push_of_the_same_image_changes_nothing(built: Terminal) -> None:
    """The digest is the same, and its layers are not sent again."""
    assert built.push().returncode == 0
    tags = built.registry.tags(NAME.path)
    assert built.push().returncode == 0
    assert built.registry.tags(NAME.path) == tags
    assert len(built.registry.revisions(NAME.path)) == 1


def test_the_access_token_is_in_no_argument_environment_or_output(built: Terminal) -> None:
    """Others on the machine read those. It is in a file of its owner's, which is gone afterwards."""
    done = built.push()
    encoded = base64.b64encode(f"{USER}:{STAND_IN_TOKEN}".encode()).decode()
    calls = built.calls.read_text(encoding="utf-8")
    assert "push --authfile" in calls
    for secret in (STAND_IN_TOKEN, encoded):
        assert secret not in calls + done.stdout + done.stderr
    mode, file = next(
        line for line in calls.splitlines() if line.endswith("/config.json") and line[:3].isdigit()
    ).split()
    assert mode == "600"
    assert not Path(file).exists()
    assert list((built.folder / "temporary").glob("ib-push-*")) == []


def test_an_image_that_was_not_built_names_the_session_that_builds_it(terminal: Terminal) -> None:
    """Nothing is asked of Google."""
    done = terminal.push()
    assert done.returncode == 1
    assert "./nox -s images -- --tool buildah" in done.stderr
    assert terminal.plane.calls == []


def test_an_image_for_another_kind_of_machine_is_not_pushed(built: Terminal) -> None:
    """Cloud Run would refuse to start it; nothing is sent."""
    again = ("build", "--arch", "arm64", "--tag", APPLICATION, str(built.folder / "context"))
    subprocess.run(["buildah", *again], check=True, capture_output=True)
    done = built.push()
    assert done.returncode == 1
    assert "was built for arm64, and Cloud Run runs amd64" in done.stderr
    assert built.plane.calls == []


def test_a_repository_that_is_not_there_names_what_makes_it(built: Terminal) -> None:
    """The stack's outputs say one that somebody deleted."""
    built.google.exists = lambda name: not name
    done = built.push()
    assert done.returncode == 1
    assert "pulumi up makes what is missing" in done.stderr
    assert "buildah push" not in built.calls.read_text(encoding="utf-8")


def test_whoever_may_not_push_is_told_the_role(built: Terminal) -> None:
    """Before the upload begins."""
    built.registry.closed.add("trading-paper/ib-trading")
    done = built.push()
    assert done.returncode == 1
    assert "roles/artifactregistry.writer" in done.stderr
    assert "buildah push" not in built.calls.read_text(encoding="utf-8")


def test_an_upload_that_fails_says_so(built: Terminal) -> None:
    """The tool's own words are above it."""
    built.record(before='case "$1" in push) echo "no space left on device" >&2; exit 125;; esac')
    done = built.push()
    assert done.returncode == 1
    assert "no space left on device" in done.stderr
    assert f"push: buildah could not push {APPLICATION}" in done.stderr
    assert built.registry.images("trading-paper/ib-trading") == ()


def test_an_interrupted_push_leaves_no_login_behind(built: Terminal) -> None:
    """It ends as by Ctrl-C, and the next one just goes on."""
    reached, wait = built.folder / "reached", built.folder / "wait"
    for pipe in (reached, wait):
        os.mkfifo(pipe)
    built.record(before=f"case \"$1\" in push) echo >'{reached}'; exec cat '{wait}';; esac")
    process = subprocess.Popen(
        built.command(),
        cwd=built.folder,
        env=built.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reached.read_text() == "\n"
    assert list((built.folder / "temporary").glob("ib-push-*")) != []
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "run it again" in said
    assert list((built.folder / "temporary").glob("ib-push-*")) == []
    built.record()
    assert built.push().returncode == 0


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah"])
def test_each_tool_builds_for_the_machine_that_runs_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    """Also on a computer with another processor, where each would build for that."""
    terminal.install(tool, f"#!/bin/sh\necho \"$*\" >>'{terminal.calls}'\n")
    monkeypatch.setenv("PATH", terminal.environment["PATH"])
    build(tool, terminal.folder / "Dockerfile", terminal.folder, APPLICATION, {})
    assert "--platform linux/amd64" in terminal.calls.read_text(encoding="utf-8")


DOCKER = """\
#!/bin/sh
echo "$*" >>'{calls}'
case "$*" in
  info | "tag "* | "rmi "* | "inspect --type image"*) ;;
  "context inspect"*) echo unix:///somewhere/else.sock ;;
  --config*) echo "daemon $DOCKER_HOST, login $(stat -c %a "$2/config.json")" >>'{calls}' ;;
  *) exit 9 ;;
esac
"""


def test_docker_keeps_its_daemon_and_gets_the_login_beside_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its contexts are where its logins are: with a login of ours it would push from another machine. There is no
    daemon to try it on; a program of its name shows what it is told."""
    terminal.install("docker", DOCKER.format(calls=terminal.calls))
    monkeypatch.setenv("PATH", terminal.environment["PATH"])
    push("docker", APPLICATION, "host/name:pushed", Login("host", USER, STAND_IN_TOKEN), encrypted=True)
    calls = terminal.calls.read_text(encoding="utf-8").splitlines()
    assert calls[1] == f"tag {APPLICATION} host/name:pushed"
    assert calls[2].endswith("push host/name:pushed")
    assert calls[3:] == ["daemon unix:///somewhere/else.sock, login 600", "rmi host/name:pushed"]
    assert STAND_IN_TOKEN not in "".join(calls)
