"""Who may do what, computed from the grants that a deployment registers; written as the page docs/permissions.md.

`python -m tests.infra.permissions` writes the page anew; a test compares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.infra.recorded import Record, record
from tests.infra.stacks import everything

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
COMMAND = "python -m tests.infra.permissions"

ON = {
    "artifactregistry.RepositoryIamMember": "repository",
    "bigquery.DatasetIamMember": "datasetId",
    "cloudrunv2.ServiceIamMember": "name",
    "kms.CryptoKeyIAMMember": "cryptoKeyId",
    "projects.IAMMember": "project",
    "secretmanager.SecretIamMember": "secretId",
    "serviceaccount.IAMMember": "serviceAccountId",
    "storage.BucketIAMMember": "bucket",
}
"""Kind of grant → the input that names what it is on."""


@dataclass(frozen=True, slots=True)
class Grant:
    member: str
    role: str
    on: str
    kind: str
    condition: str


def grants(found: Record) -> list[Grant]:
    return list(_grants(found))


def _grants(found: Record) -> Iterator[Grant]:
    for one in found.resources:
        if one.kind.lower().endswith(("iammember", "iambinding", "iampolicy")):
            inputs = one.inputs
            condition = inputs.get("condition", {}).get("expression", "")
            yield Grant(inputs["member"], inputs["role"], inputs[ON[one.kind]], one.kind, condition)


MEANING = {
    "roles/artifactregistry.writer": "pushes and reads its images",
    "roles/bigquery.dataEditor": "reads and writes its tables",
    "roles/bigquery.jobUser": "runs queries and loads; says nothing about what they may read",
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": "encrypts and decrypts with it",
    "roles/datastore.user": "reads and writes its documents, the trading configuration too",
    "roles/iam.serviceAccountOpenIdTokenCreator": "calls the service as it, and no API of Google's",
    "roles/iam.serviceAccountTokenCreator": "acts as it",
    "roles/iam.serviceAccountUser": "deploys what runs as it",
    "roles/logging.logWriter": "writes log lines, reads none",
    "roles/run.developer": "replaces its revision; changes nobody's rights",
    "roles/run.invoker": "calls it",
    "roles/secretmanager.secretAccessor": "reads the credentials, writes none",
    "roles/storage.objectUser": "reads and writes what is in it",
}
"""What each role amounts to here; KeyError for one that nobody has thought about."""

KIND = {
    "artifactregistry.RepositoryIamMember": "repository",
    "bigquery.DatasetIamMember": "dataset",
    "cloudrunv2.ServiceIamMember": "service",
    "kms.CryptoKeyIAMMember": "key",
    "projects.IAMMember": "project",
    "secretmanager.SecretIamMember": "secret",
    "serviceaccount.IAMMember": "account",
    "storage.BucketIAMMember": "bucket",
}

HEADER = """# Who may do what

Computed from what `pulumi up` registers, for both stacks in one Google project with every option; in a project each the
same, without the stack in the names. Written by `{command}`; a test compares.

Google's own service agents (Cloud Run's pulls the images, Cloud Scheduler's signs its account's tokens) have what
Google gives them in every project; the table has what is granted beyond that. Whoever runs `pulumi up` has what they
were given by hand.
"""


def own_roles(found: Record) -> dict[str, str]:
    """Name → what it amounts to, of the roles that the stack makes."""
    return {
        f"projects/{one.inputs['project']}/roles/{one.inputs['roleId']}": one.inputs["description"]
        for one in found.of("projects.IAMCustomRole").values()
    }


def page() -> str:
    lines: list[str] = [HEADER.format(command=COMMAND)]
    for stack in ("paper", "live"):
        lines += [f"## The {stack} stack", "", "| who | on | role | so it |", "| --- | --- | --- | --- |"]
        found = record(everything(stack, shared=True))
        meaning = MEANING | own_roles(found)
        lines += sorted(_row(grant, meaning[grant.role]) for grant in grants(found))
        lines.append("")
    return "\n".join(lines)


def _row(grant: Grant, meaning: str) -> str:
    who, _, domain = grant.member.removeprefix("serviceAccount:").partition("@")
    if who.startswith(("service-", "bq-")):
        who = f"Google's {domain.partition('.')[0].removeprefix('gcp-sa-')}"
    if grant.member.startswith(("user:", "group:")):
        who = f"an operator ({grant.member.partition(':')[0]})"
    name = grant.on.partition("keyRings/")[2].replace("/cryptoKeys", "") or grant.on.rpartition("/")[2]
    on = f"{KIND[grant.kind]} `{name.partition('@')[0]}`"
    narrowed = f", only `{grant.condition.rpartition('databases/')[2][:-1]}`" if grant.condition else ""
    role = grant.role if grant.role.startswith("roles/") else grant.role.rpartition("/")[2]
    return f"| {who} | {on}{narrowed} | `{role}` | {meaning} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
