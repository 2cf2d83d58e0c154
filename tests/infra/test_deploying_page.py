"""docs/deploying.md names only roles, APIs and outputs that the program registers."""

from __future__ import annotations

import re
from pathlib import Path

from delivery.gcloud import RIGHTS
from delivery.state_home import APIS
from tests.infra.permissions import grants
from tests.infra.recorded import record
from tests.infra.stacks import everything

PAGE = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")
ROLE = re.compile(r"roles/[a-zA-Z.]+")
API = re.compile(r"\b([a-z]+)\.googleapis\.com")
OUTPUT = re.compile(r"pulumi stack output (\w+)")

OF_THE_PERSON = {"roles/owner"}
"""Has whoever makes the project; nobody is granted it."""
OF_GITHUB = {"roles/iam.workloadIdentityUser"}
OF_GITHUB_APIS = {"sts.googleapis.com"}
"""What is set by hand for those who build on GitHub; the program knows nothing of it."""


def test_every_role_on_the_page_is_one_that_somebody_has() -> None:
    granted = {grant.role for grant in grants(record(everything("paper")))}
    named = set(ROLE.findall(PAGE))
    assert named <= granted | set(ROLE.findall(RIGHTS)) | OF_THE_PERSON | OF_GITHUB
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
