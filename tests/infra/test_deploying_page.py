"""docs/deploying.md names only roles, APIs and outputs that the program registers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from delivery.google.gcloud import RIGHTS
from delivery.stack.stack_file import Place
from delivery.stack.state_backend import APIS, StateBackend
from tests.infra.permissions import KIND, grants
from tests.infra.recorded import Record, record
from tests.infra.stacks import BUILD, deployed, everything

PAGE = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")
ROLE = re.compile(r"(?<!/)roles/[a-zA-Z.]+")
API = re.compile(r"\b([a-z]+)\.googleapis\.com")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"pulumi stack output (\w+)")

OF_THE_PERSON = {"roles/owner"}
"""Has whoever makes the project; nobody is granted it."""
OF_A_CALLER = {"roles/storage.objectViewer", "roles/cloudkms.cryptoKeyDecrypter"}
"""What somebody who is no owner takes of the state to find a service. Its bucket and key are not the stack's."""
OF_GITHUB = {"roles/iam.workloadIdentityUser"}
OF_GITHUB_APIS = {"sts.googleapis.com"}
"""What is set by hand for those who build on GitHub; the program knows nothing of it."""


def test_every_role_on_the_page_is_one_that_somebody_has() -> None:
    granted = {grant.role for grant in grants(record(everything("paper")))}
    named = set(ROLE.findall(PAGE))
    assert named <= granted | set(ROLE.findall(RIGHTS)) | OF_THE_PERSON | OF_A_CALLER | OF_GITHUB
    assert named


def test_every_api_on_the_page_is_one_that_the_stack_enables_or_its_state_needs() -> None:
    enabled = {one.inputs["service"] for one in record(everything("paper")).of("projects.Service").values()}
    named = {f"{name}.googleapis.com" for name in API.findall(PAGE)}
    assert named <= enabled | {f"{api}.googleapis.com" for api in APIS} | OF_GITHUB_APIS
    assert named


def test_every_output_that_the_page_asks_for_is_exported() -> None:
    asked = set(OUTPUT.findall(PAGE))
    assert asked <= set(record(everything("paper")).outputs)
    assert asked


def test_a_first_deployment_can_enable_apis_before_the_stack_has_enabled_any() -> None:
    """`pulumi up` enables APIs through serviceusage and looks at the project through cloudresourcemanager: the home of
    the state has them enabled before there is a stack."""
    assert {"serviceusage", "cloudresourcemanager"} <= set(APIS)


PROJECT = "trading-paper"
"""What tests/infra/stacks.py calls it; the page's is a variable of its shell."""
KINDS = {
    "gcloud artifacts repositories": "repository",
    "gcloud iam service-accounts": "account",
    "gcloud kms keys": "key",
    "gcloud projects": "project",
    "gcloud run services": "service",
    "gcloud storage buckets": "bucket",
}
"""The command that grants on it → what tests/infra/permissions.py calls the kind."""
OF_CLOUD_BUILD = {("project", PROJECT, "roles/logging.logWriter")}
"""GitHub keeps its own log."""


def lines_for_github() -> list[list[str]]:
    """The words of each command that makes a role or grants one to ib-github."""
    [block] = [block for block in BLOCK.findall(PAGE) if "gcloud iam roles create" in block]
    text = block.replace("$PROJECT", PROJECT)
    return [shlex.split(line) for line in text.splitlines() if line.startswith("gcloud")]


def option(words: list[str], name: str) -> str:
    return next(word.partition("=")[2] for word in words if word.startswith(f"--{name}="))


def granted_by_page() -> set[tuple[str, str, str]]:
    found = set()
    for words in lines_for_github():
        kind = next((name for command, name in KINDS.items() if " ".join(words).startswith(command)), None)
        if kind and "add-iam-policy-binding" in words:
            assert option(words, "member") == "$GITHUB"
            on = words[words.index("add-iam-policy-binding") + 1].removeprefix("gs://").partition("@")[0]
            found.add((kind, on, option(words, "role").replace("ib_github", "ib_build")))
    return found


def granted_to_build(found: Record) -> set[tuple[str, str, str]]:
    return {
        (KIND[grant.kind], grant.on.rpartition("/")[2].partition("@")[0], grant.role)
        for grant in grants(found)
        if "ib-build" in grant.member
    }


def test_github_is_granted_what_a_build_is() -> None:
    """Right by right, on the same things, for the stack alone in its project as the page has it. It said once to copy
    what another page lists, of which two roles do not exist without a build on Cloud Build."""
    backend = StateBackend(Place("paper", PROJECT, "europe-west6"))
    state = BUILD | {"stateBucket": backend.bucket, "stateKey": backend.key}
    expected = granted_to_build(record(deployed("paper", build=state))) - OF_CLOUD_BUILD
    assert granted_by_page() == expected
    assert {kind for kind, *_ in expected} == set(KINDS.values())


def test_the_roles_for_github_have_the_rights_of_the_builds() -> None:
    made = {
        words[words.index("create") + 1].replace("ib_github", "ib_build"): option(words, "permissions").split(
            ","
        )
        for words in lines_for_github()
        if words[:4] == ["gcloud", "iam", "roles", "create"]
    }
    roles = record(deployed("paper", build=BUILD)).of("projects.IAMCustomRole").values()
    assert made == {role.inputs["roleId"]: role.inputs["permissions"] for role in roles}


def test_with_a_budget_the_page_adds_the_right_that_the_build_gets() -> None:
    budget = {"amount": 50, "currency": "CHF", "billingAccount": "012345-6789AB-CDEF01"}
    plain, counted = (
        record(deployed("paper", build=BUILD, budget=with_it)).of("projects.IAMCustomRole")["build-waits"]
        for with_it in (None, budget)
    )
    [more] = set(counted.inputs["permissions"]) - set(plain.inputs["permissions"])
    assert f"`,{more}` to the first role" in PAGE
