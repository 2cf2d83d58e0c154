"""The session `cleanup` on stand-ins: a real registry, Cloud Run's API, and the state as the real Pulumi keeps it."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from delivery.commands.cleanup import main
from delivery.google.endpoints import VARIABLE
from delivery.registry.image_name import ImageName
from delivery.registry.journal import PUSHED, deployed_tag, withdrawn_tag
from tests.control_plane.artifact_registry import ArtifactRegistry
from tests.control_plane.cloud_run import serve_cloud_run
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery.oci_registry import OciRegistry, oci_registry
from tests.engine.cloud.kinds.running import RUNNING
from tests.engine.cloud.revisions import SERVICE, revisions_of, roll_out
from tests.engine.cloud.world import World
from tests.required import tool

ROOT = Path(__file__).parents[3]
REGION = "europe-west6"
START = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
NAMES = {stack: ImageName(REGION, f"trading-{stack}", "ib-trading") for stack in ("paper", "live")}
DELETING = ("DeleteRevision", "DeleteTag", "DeleteVersion")


@dataclass
class Cloud:
    """Projects with stacks in them, and a checkout with the stacks' files in `folder`."""

    folder: Path
    plane: ControlPlane
    registry: OciRegistry
    world: World
    names: dict[str, ImageName]
    minutes: int = 0

    def stack(self, stack: str, name: ImageName) -> None:
        """A stack that is there, without a service."""
        self.names[stack] = name
        self.write(stack, {"gcp:project": name.project, "gcp:region": REGION})
        self.pulumi("stack", "init", stack)
        self.told(stack, "")

    def write(self, stack: str, values: dict[str, str]) -> None:
        """Full keys into the stack's file."""
        path = self.folder / f"Pulumi.{stack}.yaml"
        document = yaml.safe_load(path.read_text()) if path.exists() else {"config": {}}
        document["config"].update(values)
        path.write_text(yaml.safe_dump(document))

    def told(self, stack: str, image: str) -> None:
        """The state as an `up` leaves it."""
        outputs = {
            "tradingMode": stack,
            "serviceName": f"ib-{stack}",
            "image": image,
            "repository": str(self.names[stack]).rpartition("/")[0],
            "secret": "ib-credentials",
            "operatorAccount": "ib-operator@example.iam.gserviceaccount.com",
        }
        kind = "pulumi:pulumi:Stack"
        urn = f"urn:pulumi:{stack}::ib-trading::{kind}::ib-trading-{stack}"
        manifest = {"time": "2026-03-02T15:30:00Z", "magic": "", "version": ""}
        resource = {"urn": urn, "custom": False, "type": kind, "outputs": outputs}
        deployment = {"version": 3, "deployment": {"manifest": manifest, "resources": [resource]}}
        file = self.folder / "state.json"
        file.write_text(json.dumps(deployment))
        self.pulumi("stack", "import", "--stack", stack, "--file", str(file))

    def pulumi(self, *command: str) -> None:
        subprocess.run(
            ["pulumi", *command, "--non-interactive"], cwd=self.folder, check=True, capture_output=True
        )

    def push(self, stack: str, what: str) -> str:
        """A new image under `pushed`; its digest."""
        return self.registry.put_image(self.names[stack].path, PUSHED, (what.encode() * 100,))

    def deploy(self, stack: str, digest: str, *, good: bool = True, told: bool = True) -> None:
        """As the session leaves it: journal, file, service, and (`told`) output."""
        name = self.names[stack]
        image = name.at(digest)
        self.minutes += 1
        moment = START + timedelta(minutes=self.minutes)
        self.registry.tag(name.path, deployed_tag(stack, moment), digest)
        if not good:
            self.registry.tag(name.path, withdrawn_tag(stack, moment + timedelta(seconds=30)), digest)
        self.write(stack, {"ib-trading:image": image})
        self.run(name.project, f"ib-{stack}", image)
        if told:
            self.told(stack, image)

    def run(self, project: str, service: str, image: str, **more: Any) -> None:
        """A service runs it, whoever's."""
        id_ = f"projects/{project}/locations/{REGION}/services/{service}"
        inputs = {
            "project": project,
            "location": REGION,
            "name": service,
            "traffics": [{"type": LATEST, "percent": 100}],
            "template": {"containers": [{"image": image}]},
            **more,
        }
        properties = {**inputs, **RUNNING[SERVICE].computed(inputs)}
        seen, fault = roll_out(self.world, id_, properties)
        assert not fault
        self.world.put(SERVICE, id_, {**properties, **seen})

    def revisions(self, stack: str) -> list[int]:
        """The numbers of what is left, the newest first."""
        name = f"projects/{self.names[stack].project}/locations/{REGION}/services/ib-{stack}"
        return [one["number"] for one in revisions_of(self.world, name)]

    def images(self, stack: str) -> set[str]:
        return set(self.registry.revisions(self.names[stack].path))

    def asked(self) -> list[str]:
        """The calls that delete something."""
        return [method for method, _ in self.plane.calls if method in DELETING]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Paper and live, each in a project of its own, as Pulumi has them at first: asking it takes seconds."""
    tool("pulumi")
    folder = tmp_path_factory.mktemp("begun")
    with control_plane() as plane, pytest.MonkeyPatch.context() as patch:
        cloud = _cloud(folder, plane, OciRegistry("", folder), patch)
        for each in (cloud.folder, folder / "state"):
            each.mkdir()
        (cloud.folder / "Pulumi.yaml").write_text("name: ib-trading\nruntime: python\n")
        for stack, name in NAMES.items():
            cloud.stack(stack, name)
    return folder


@pytest.fixture
def cloud(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Cloud]:
    """As it begins, each test in its own copy."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    with oci_registry(tmp_path / "registry") as registry, control_plane() as plane:
        cloud = _cloud(tmp_path, plane, registry, monkeypatch)
        monkeypatch.chdir(cloud.folder)
        serve_cloud_run(plane, cloud.world)
        ArtifactRegistry(registry).serve(plane)
        yield cloud


def _cloud(folder: Path, plane: ControlPlane, registry: OciRegistry, patch: pytest.MonkeyPatch) -> Cloud:
    for name, value in {
        VARIABLE: json.dumps({"control_plane": plane.address, "registry": registry.address or "127.0.0.1:1"}),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONPATH": str(ROOT),
    }.items():
        patch.setenv(name, value)
    return Cloud(folder / "checkout", plane, registry, World(folder / "google.sqlite"), dict(NAMES))


def versions(cloud: Cloud, stack: str, count: int) -> list[str]:
    """As many pushed and deployed, the oldest first; their digests. Only the last is told to Pulumi: asking is slow."""
    digests = [cloud.push(stack, f"{stack} {number}") for number in range(count)]
    for digest in digests:
        cloud.deploy(stack, digest, told=digest == digests[-1])
    return digests


def test_of_six_versions_three_stay_and_a_second_run_does_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list says of each why it stays and how large what goes is; then there is nothing left to delete."""
    digests = versions(cloud, "paper", 6)
    assert main(["paper", "--yes"]) == 0
    assert cloud.revisions("paper") == [6, 5, 4]
    assert cloud.images("paper") == set(digests[3:])
    said = capsys.readouterr().out
    assert "gets 100% of the traffic" in said
    assert "among the newest 3 good deployments; the way back" in said
    assert "3 revisions and 3 images" in said
    assert "At most 0.0 MB are freed" in said
    asked = cloud.asked()
    assert asked == [*["DeleteRevision"] * 3, *["DeleteTag", "DeleteVersion"] * 3]
    assert main(["paper", "--yes"]) == 0
    assert "Nothing to delete" in capsys.readouterr().out
    assert cloud.asked() == asked


def test_without_a_yes_nothing_is_deleted(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is there to be asked: the list is shown, and that is all."""
    versions(cloud, "paper", 5)
    assert main(["paper"]) == 1
    said = capsys.readouterr()
    assert "These go:" in said.out
    assert "nothing was deleted" in said.err
    assert not cloud.asked()


def test_what_live_was_given_stays_in_the_repository_of_paper(cloud: Cloud) -> None:
    """Promoted long ago: live runs the same digest from its own repository, in its own project."""
    digests = versions(cloud, "paper", 6)
    name = cloud.names["live"]
    assert cloud.registry.put_image(name.path, layers=(b"paper 0" * 100,)) == digests[0]
    cloud.deploy("live", digests[0])
    assert main(["paper", "--yes"]) == 0
    assert cloud.images("paper") == {digests[0], *digests[3:]}
    assert cloud.images("live") == {digests[0]}
    assert cloud.revisions("live") == [1]


def test_two_stacks_in_one_project_do_not_touch_each_other(cloud: Cloud) -> None:
    """One's revisions are not the other's, and an image of one that the other runs stays."""
    cloud.stack("second", ImageName(REGION, "trading-paper", "ib-trading-second"))
    digests = versions(cloud, "paper", 5)
    others = versions(cloud, "second", 5)
    cloud.run("trading-paper", "ib-second", cloud.names["paper"].at(digests[0]))
    assert main(["paper", "--yes"]) == 0
    assert cloud.revisions("paper") == [5, 4, 3]
    assert cloud.images("paper") == {digests[0], *digests[2:]}
    assert cloud.revisions("second") == [6, 5, 4, 3, 2, 1]
    assert cloud.images("second") == set(others)


def test_an_image_that_a_service_of_somebody_elses_runs_stays(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    digests = versions(cloud, "paper", 5)
    cloud.run("trading-live", "a-trial", cloud.names["paper"].at(digests[1]))
    assert main(["paper", "--yes"]) == 0
    assert cloud.images("paper") == set(digests[1:])
    assert "run by a-trial-00001-" in capsys.readouterr().out


def test_a_revision_with_a_traffic_tag_stays_and_its_image_with_it(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody reaches it at an address of its own, though no schedule does."""
    digests = versions(cloud, "paper", 5)
    service = f"projects/trading-paper/locations/{REGION}/services/ib-paper"
    first = revisions_of(cloud.world, service)[-1]["name"].rpartition("/")[2]
    named = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
    cloud.run(
        "trading-paper",
        "ib-paper",
        cloud.names["paper"].at(digests[-1]),
        traffics=[{"type": LATEST, "percent": 100}, {"type": named, "revision": first, "tag": "first"}],
    )
    assert main(["paper", "--yes"]) == 0
    assert cloud.revisions("paper") == [5, 4, 3, 1]
    assert cloud.images("paper") == {digests[0], *digests[2:]}
    assert "has the traffic tag first" in capsys.readouterr().out


def test_an_index_keeps_its_manifests_and_goes_before_them(cloud: Cloud) -> None:
    """Docker pushes one with what it attests: of a kept index all stays, of another one all goes."""
    path = cloud.names["paper"].path
    indexes, parts = [], []
    for number in range(3):
        parts.append([cloud.registry.put_image(path, layers=(f"{number} {part}".encode(),)) for part in "ab"])
        indexes.append(cloud.registry.put_index(path, parts[-1], PUSHED))
        cloud.deploy("paper", indexes[-1], told=number == 2)
    assert main(["paper", "--keep", "1", "--yes"]) == 0
    # The way back beside the one.
    assert cloud.images("paper") == {*indexes[1:], *parts[1], *parts[2]}


def test_a_bad_version_goes_though_it_is_newer_than_the_good_ones(cloud: Cloud) -> None:
    """It was withdrawn: nobody goes back to it."""
    good = versions(cloud, "paper", 3)
    bad = cloud.push("paper", "bad")
    cloud.deploy("paper", bad, good=False, told=False)
    cloud.push("paper", "the next")
    for digest in (good[1], good[2], good[1], good[2]):
        cloud.deploy("paper", digest, told=False)
    cloud.told("paper", cloud.names["paper"].at(good[2]))
    assert main(["paper", "--yes"]) == 0
    assert bad not in cloud.images("paper")
    assert set(good) < cloud.images("paper")


@pytest.mark.parametrize(("method", "done"), [("DeleteRevision", 0), ("DeleteTag", 2), ("DeleteVersion", 3)])
def test_a_refusal_in_the_middle_stops_it_and_says_what_is_left(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], method: str, done: int
) -> None:
    """Nothing after it is tried; run again it goes on."""
    digests = versions(cloud, "paper", 5)
    order = [*["DeleteRevision"] * 2, *["DeleteTag", "DeleteVersion"] * 2]
    cloud.plane.fail(method, grpc.StatusCode.PERMISSION_DENIED, "no right to delete")
    assert main(["paper", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "no right to delete; the identity that runs this lacks a right" in said
    assert f"{done} of 6 were deleted; these are left:" in said
    assert len(said.splitlines()) == 2 + 6 - done
    assert cloud.asked() == order[: done + 1]
    assert main(["paper", "--yes"]) == 0
    assert cloud.images("paper") == set(digests[2:])
    assert cloud.revisions("paper") == [5, 4, 3]


@pytest.mark.parametrize("ended", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_in_the_middle_it_goes_on_when_run_again(cloud: Cloud, ended: signal.Signals) -> None:
    """The first revision is being deleted, which never ends; the next run deletes it with all the others."""
    digests = versions(cloud, "paper", 5)
    cloud.plane.looks = 1_000_000
    command = [sys.executable, "-u", "-m", "delivery.commands.cleanup", "paper", "--yes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        said = ""
        while "1/6 delete revision ib-paper-00001-" not in said:
            character = process.stdout.read(1)
            assert character, process.stderr.read()
            said += character
        process.send_signal(ended)
        _, errors = process.communicate(timeout=120)
    if ended == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert "interrupted; what was deleted is gone, the rest is as it was" in errors
    cloud.plane.looks = 1
    assert main(["paper", "--yes"]) == 0
    assert cloud.images("paper") == set(digests[2:])
    assert cloud.revisions("paper") == [5, 4, 3]


def test_what_is_deployed_at_this_very_moment_is_not_deleted_under_it(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deployment tags its image before it begins; the image is deleted without force, so Google refuses."""
    digests = versions(cloud, "paper", 4)
    path = cloud.names["paper"].path

    class Calls(list[tuple[str, Any]]):
        def append(self, call: tuple[str, Any]) -> None:
            if call[0] == "DeleteVersion":
                cloud.registry.tag(path, deployed_tag("paper", START + timedelta(days=1)), digests[0])
            super().append(call)

    cloud.plane.calls = Calls()
    assert main(["paper", "--yes"]) == 1
    assert "because it is tagged" in capsys.readouterr().err
    assert cloud.images("paper") == set(digests)
    assert main(["paper", "--yes"]) == 0
    assert digests[0] in cloud.images("paper")


class Answer(io.StringIO):
    """Somebody at a terminal, who takes the time to do something else before they agree."""

    def __init__(self, before: Callable[[], object]) -> None:
        super().__init__("y\n")
        self._before = before

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:
        self._before()
        return super().readline(-1 if size is None else size)


def test_what_changed_while_it_asked_has_to_be_shown_anew(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody deploys an old image in between: it was on the list."""
    digests = versions(cloud, "paper", 5)
    monkeypatch.setattr("sys.stdin", Answer(lambda: cloud.deploy("paper", digests[0])))
    assert main(["paper"]) == 1
    assert "was deployed, pushed or deleted since the list was made" in capsys.readouterr().err
    assert not cloud.asked()
    monkeypatch.setattr("sys.stdin", Answer(lambda: None))
    assert main(["paper"]) == 0
    assert digests[0] in cloud.images("paper")


def test_a_stack_that_cannot_be_read_stops_all_of_it(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its state is spoilt and its project closed: what it runs is not known, and both are said."""
    versions(cloud, "paper", 5)
    (cloud.folder / "Pulumi.third.yaml").write_text("config: {gcp:project: trading-third}")
    cloud.plane.fail(
        "ListRevisions", grpc.StatusCode.PERMISSION_DENIED, "Permission 'run.revisions.list' denied"
    )
    assert main(["paper", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "so nothing is deleted" in said
    assert "the stack third: Pulumi.third.yaml: gcp:region is missing" in said
    assert "the services in trading-live, europe-west6: Google refused" in said
    assert not cloud.asked()


def test_a_stack_that_was_never_deployed_is_in_nobodys_way(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file is as it comes with the repository, or it is set up and nothing more."""
    versions(cloud, "paper", 4)
    (cloud.folder / "Pulumi.third.yaml").write_text("config: {ib-trading:trading: {}}")
    (cloud.folder / "Pulumi.fourth.yaml").write_text(
        "config: {gcp:project: trading-4th, gcp:region: us-east1}"
    )
    assert main(["paper", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "third: its file names no project and no image, so it was never deployed" in said
    assert "fourth: nothing was deployed yet" in said
    assert cloud.revisions("paper") == [4, 3, 2]


def test_the_build_looks_at_its_own_project_and_at_the_other_stacks_files(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --alone it needs no right on live, and what live's file names stays all the same."""
    digests = versions(cloud, "paper", 6)
    cloud.write("live", {"ib-trading:image": cloud.names["live"].at(digests[1])})
    assert main(["paper", "--alone", "--yes"]) == 0
    assert cloud.images("paper") == {digests[1], *digests[3:]}
    said = capsys.readouterr().out
    assert "live: its file alone was read, as --alone asks" in said
    assert "named by Pulumi.live.yaml" in said
    listed = {
        request.parent.split("/")[1] for method, request in cloud.plane.calls if method == "ListRevisions"
    }
    assert listed == {"trading-paper"}


def test_without_a_service_the_images_alone_are_looked_at(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pushed five times and never deployed: the newest push stays."""
    digests = [cloud.push("paper", str(number)) for number in range(5)]
    assert main(["paper", "--yes"]) == 0
    assert cloud.images("paper") == {digests[-1]}
    assert "0 revisions and 4 images" in capsys.readouterr().out


def test_what_google_does_not_finish_is_not_waited_for_forever(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stops there and says so; run again later, it goes on."""
    digests = [cloud.push("paper", str(number)) for number in range(3)]
    monkeypatch.setattr("delivery.registry.image_tags.SECONDS", 0.1)
    cloud.plane.looks = 1_000_000
    assert main(["paper", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "Google has not said within" in said
    assert "0 of 2 were deleted; these are left:" in said
    cloud.plane.looks = 1
    assert main(["paper", "--yes"]) == 0
    assert cloud.images("paper") == {digests[-1]}
