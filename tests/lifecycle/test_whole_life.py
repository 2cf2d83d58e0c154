"""The whole life of a paper and a live stack, in the order in which it is lived: each test goes on where the one before
it ended, with the commands that a person types, and none drifts from what the stacks say.

The images are built, pushed, pulled and run; Pulumi's engine deploys; what is Google's is a stand-in each
(docs/decisions/0051-the-whole-life-in-one-test.md).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from delivery.registry.image_name import ImageName, split
from delivery.registry.journal import Journal
from ib_trading.schema.credentials import GatewayCredentials, read_credentials
from tests.delivery.nox_commands import cloud_build
from tests.delivery.terminal import terminal
from tests.delivery.vulnerability_database import vulnerability_database
from tests.engine.cloud.revisions import SERVICE, revisions_of
from tests.engine.stacks import in_own_project
from tests.lifecycle.stage import Stage

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

STACKS = ("paper", "live")
USER, PASSWORD = "ann", "a-password-of-nobody"
JOB = "gcp:cloudscheduler/job:Job"
# `dummy` needs no history.
STRATEGIES = {"exposure": {"overall": "0.9", "strategies": {"dummy": "0.5"}}}
SUMMARY = "    def answer(self, call: Call[SummaryRequest]) -> Answer:\n"
CHANGED = "# This is version "
BROKEN_LINE = 'raise LookupError("what this version looks for is not there")'


@pytest.fixture(autouse=True)
def no_drift(stage: Stage) -> Iterator[None]:
    """After each step a preview of each stack that was deployed, compared with what Google has, shows no difference."""
    yield
    deployed = [stack for stack in STACKS if stage.deployed(stack)]
    with ThreadPoolExecutor() as both:
        list(both.map(partial(_preview, stage), deployed))


def _preview(stage: Stage, stack: str) -> None:
    stage.checkout.done("preview", "--refresh", "--expect-no-changes", "--stack", stack)


def digest(stage: Stage, stack: str) -> str:
    """What the stack's last update says that it runs; the stack's file and Cloud Run say the same."""
    outputs = stage.checkout.outputs(stack)
    assert stage.checkout.stack_config(stack)["ib-trading:image"] == outputs["image"]
    assert service(stage, stack)["image"] == outputs["image"]
    return split(outputs["image"])[1]


def service(stage: Stage, stack: str) -> dict[str, Any]:
    """`image` and `name` (in full) of what serves, and the `short` name of its revision."""
    project = in_own_project(stack)["gcp:project"]
    name = f"projects/{project}/locations/europe-west6/services/ib-{stack}"
    found = stage.world.get(SERVICE, name)
    assert found is not None
    revision = next(
        each for each in revisions_of(stage.world, name) if each["name"] == found["latestReadyRevision"]
    )
    image = revision["template"]["containers"][0]["image"]
    return {"name": name, "image": image, "short": revision["name"].rpartition("/")[2]}


def positions(stage: Stage, stack: str) -> dict[str, str]:
    """Local symbol → quantity, as the service tells."""
    answer = stage.call(stack).ask("summary")
    assert answer.status == 200, answer.text
    return {each["localSymbol"]: each["quantity"] for each in answer.body["positions"]}


def journal(stage: Stage, stack: str) -> Journal:
    return Journal(stage.registry.tags(name_of(stage, stack).path))


def name_of(stage: Stage, stack: str) -> ImageName:
    return ImageName.of(stage.checkout.outputs(stack)["repository"])


def schedules_paused(stage: Stage, stack: str) -> set[bool]:
    project = in_own_project(stack)["gcp:project"]
    jobs = [each for (type_, id_), each in stage.world.resources().items() if type_ == JOB and project in id_]
    assert jobs
    return {each["state"] == "PAUSED" for each in jobs}


def new_version(stage: Stage, number: int) -> str:
    """Somebody changes the service, builds it and pushes it; the digest."""
    change(stage, number)
    return build_and_push(stage)


def change(stage: Stage, number: int) -> None:
    """The service does what it did: all its tests pass."""
    module = stage.checkout.project / "app/ib_trading/__init__.py"
    text = module.read_text(encoding="utf-8").partition(CHANGED)[0]
    module.write_text(f"{text}{CHANGED}{number}.\n", encoding="utf-8")


def build_and_push(stage: Stage) -> str:
    stage.done("images", "--tool", "buildah")
    stage.done("push", "paper", "--tool", "buildah")
    return journal(stage, "paper").pushed


def test_an_empty_project_gets_everything_but_the_service(stage: Stage) -> None:
    """`pulumi up` without an image: a repository to push to, a secret to fill, and no service."""
    for stack in STACKS:
        stage.checkout.done("stack", "init", stack)
        settings = in_own_project(stack)
        trading = {"ib-trading:trading": STRATEGIES} if stack == "paper" else {}
        lifetime = {"ib-trading:gatewayLifetime": "always"} if stack == "live" else {}
        stage.checkout.configure(stack, {**settings, **trading, **lifetime})
        stage.checkout.bootstrapped(settings["gcp:project"])
        stage.up(stack)
        outputs = stage.checkout.outputs(stack)
        assert outputs["repository"] and outputs["secret"]
        assert not outputs["image"] and not outputs["serviceUrl"]


def test_the_credentials_are_typed_unseen(stage: Stage) -> None:
    """A version of each stack's secret holds them, and the terminal shows nothing of them."""
    for stack in STACKS:
        type_credentials(stage, stack)
        project = in_own_project(stack)["gcp:project"]
        versions = stage.secrets.secrets[f"projects/{project}/secrets/ib-credentials"]
        found = [read_credentials(version.payload or b"") for version in versions]
        assert found == [GatewayCredentials(USER, PASSWORD)]


def type_credentials(stage: Stage, stack: str) -> None:
    command = [sys.executable, "-m", "delivery.commands.credentials", stack]
    with terminal(command, stage.checkout.project, stage.environment) as desk:
        for question, answer in (
            ("user name: ", USER),
            ("user name again: ", USER),
            ("password: ", PASSWORD),
            ("password again: ", PASSWORD),
        ):
            desk.wait_for(question)
            desk.type(f"{answer}\n")
        assert desk.end() == 0, desk.shown
    assert PASSWORD.encode() not in desk.shown


def test_the_images_are_built_and_pushed(stage: Stage) -> None:
    """What `pushed` points at in the stack's own repository is what was built."""
    pushed = build_and_push(stage)
    assert pushed in stage.registry.revisions(name_of(stage, "paper").path)


def test_the_first_deployment_to_paper_is_seen_to_work(stage: Stage) -> None:
    """The pushed image serves, answered a summary through a gateway of its own, and its schedules run."""
    said = stage.done("deploy", "paper", "--yes")
    assert digest(stage, "paper") == journal(stage, "paper").pushed
    assert journal(stage, "paper").good("paper") == (digest(stage, "paper"),)
    assert "summary" in said
    assert schedules_paused(stage, "paper") == {False}
    assert "logged in" in stage.front.host.notes("ib-paper")


def test_nobody_but_the_operator_is_let_in(stage: Stage) -> None:
    """Who says nothing gets 403, a token that was made for another service 401, an account that may not invoke 403."""
    url = stage.checkout.outputs("paper")["serviceUrl"]
    operator = stage.checkout.outputs("paper")["operatorAccount"]
    assert stage.asked(url, "") == 403
    assert stage.asked(url, stage.token(operator, "https://ib-live.example")) == 401
    assert stage.asked(url, stage.token("ib-trading@ib-paper-project.iam.gserviceaccount.com", url)) == 403
    assert stage.asked(url, stage.token(operator, url)) == 200


def test_the_operator_trades_by_hand(stage: Stage) -> None:
    """`call -- paper allocation`: a dry-run plans and buys nothing; without it, what is ordered is filled."""
    assert positions(stage, "paper") == {}
    stage.done("call", "paper", "allocation", '{"dryRun": true}')
    assert positions(stage, "paper") == {}
    said = stage.done("call", "paper", "allocation", "--key", "by-hand")
    bought = positions(stage, "paper")
    assert bought
    assert all(symbol in said for symbol in bought)


@pytest.mark.timeout(3600)
def test_a_second_version_is_built_tested_and_deployed_by_cloud_build(stage: Stage) -> None:
    """The commands of cloudbuild.yaml in their order: what is pushed is a candidate until it was deployed. Only the
    service's own layers are built anew; the positions are still there. All unit tests run in the image, and of the
    integration tests, which take minutes, those of allocations."""
    first = digest(stage, "paper")
    held = positions(stage, "paper")
    change(stage, 2)
    with vulnerability_database() as database:
        more = {
            ("safety",): ("--api", database.api, "--list", database.listing_address),
            ("integration",): ("-k", "allocation"),
        }
        for command in cloud_build("paper"):
            if command.sessions == ("deploy",):
                assert journal(stage, "paper").pushed == digest(stage, "paper") == first
            stage.build_step(command, *more.get(command.sessions, ()))
    second = digest(stage, "paper")
    assert journal(stage, "paper").candidate == journal(stage, "paper").pushed == second != first
    assert journal(stage, "paper").good("paper") == (second, first)
    assert positions(stage, "paper") == held != {}


def test_a_version_that_fails_its_smoke_goes_back_by_itself(stage: Stage) -> None:
    """It starts and is ready, but has no summary: the version before it serves again, and the journal says why not."""
    good = digest(stage, "paper")
    module = stage.checkout.project / "app/ib_trading/queries/summary.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(broken(text), encoding="utf-8")
    bad = build_and_push(stage)
    module.write_text(text, encoding="utf-8")
    run = stage.session("deploy", "paper", "--yes")
    assert run.code == 1, run.text
    assert digest(stage, "paper") == good
    assert bad not in journal(stage, "paper").good("paper")
    assert any(tag.startswith("withdrawn-paper-") for tag in journal(stage, "paper").of(bad))
    assert stage.call("paper").ask("summary").status == 200
    assert schedules_paused(stage, "paper") == {False}


def broken(text: str) -> str:
    """The summary's module with a mistake that shows only when it is asked."""
    head, found, tail = text.partition(SUMMARY)
    assert found
    return f"{head}{found}        {BROKEN_LINE}\n{tail}"


def test_what_paper_runs_is_promoted_to_live(stage: Stage) -> None:
    """The same bytes: the digest is the same, and no image was made meanwhile. Live's gateway is logged in to a live
    account, and its schedules run."""
    before = stage.workshop.buildah("images", "--all", "--quiet")
    stage.done("promote", "--yes")
    assert stage.workshop.buildah("images", "--all", "--quiet") == before
    assert digest(stage, "live") == digest(stage, "paper")
    path = name_of(stage, "paper").path, name_of(stage, "live").path
    present = digest(stage, "live")
    assert stage.registry.manifest(path[0], present) == stage.registry.manifest(path[1], present)
    assert schedules_paused(stage, "live") == {False}
    assert stage.call("live").ask("ready").body["tradingMode"] == "live"


def test_five_more_versions_are_deployed_to_paper(stage: Stage) -> None:
    """Each is a build, a push and a deployment; the last one is promoted too, so that live has something to go back
    to."""
    for number in range(3, 8):
        pushed = new_version(stage, number)
        stage.done("deploy", "paper", "--yes")
        assert digest(stage, "paper") == pushed
    stage.done("promote", "--yes")
    assert digest(stage, "live") == digest(stage, "paper")
    assert len(journal(stage, "live").good("live")) == 2


def test_cleanup_keeps_three_and_whatever_any_stack_refers_to(stage: Stage) -> None:
    """Three revisions stay, and their images, those that live's revisions run, and the newest candidate; a second
    cleanup finds nothing."""
    path, name = name_of(stage, "paper").path, service(stage, "paper")["name"]
    others = {*journal(stage, "live").good("live"), journal(stage, "paper").candidate}
    assert len(revisions_of(stage.world, name)) > 3
    stage.done("cleanup", "paper", "--yes")
    revisions, images = revisions_of(stage.world, name), set(stage.registry.revisions(path))
    assert len(revisions) == 3
    assert images == {split(each["template"]["containers"][0]["image"])[1] for each in revisions} | others
    stage.done("cleanup", "paper", "--yes")
    assert (revisions_of(stage.world, name), set(stage.registry.revisions(path))) == (revisions, images)
    assert stage.call("paper").ask("ready").status == 200


def test_live_is_rolled_back(stage: Stage) -> None:
    """Live serves what it served before its last promotion; paper goes on."""
    newest, before = journal(stage, "live").good("live")
    paper = digest(stage, "paper")
    stage.done("rollback", "live", "--yes")
    assert digest(stage, "live") == before
    assert newest not in journal(stage, "live").good("live")
    assert digest(stage, "paper") == paper
    assert stage.call("live").ask("ready").status == 200
