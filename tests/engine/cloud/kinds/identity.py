"""Who may do what in a project: enabled services, service accounts, roles on projects, accounts, keys
and buckets.

Facts are from the reference of the Terraform provider that pulumi_gcp wraps (registry.terraform.io/providers/
hashicorp/google/latest/docs/resources): google_project_service (`disable_on_destroy`), google_project_service_identity,
google_project_iam_custom_role, google_service_account ("Changing this forces a new service account to be created"),
google_service_account_iam, google_project_iam, google_kms_crypto_key_iam, google_storage_bucket_iam.
"""

from __future__ import annotations

from tests.engine.cloud.kinds.kind import Kind, Properties, elsewhere, figures, grant

RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"


def _account(given: Properties) -> Properties:
    email = f"{given['accountId']}@{given['project']}.iam.gserviceaccount.com"
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": f"projects/{given['project']}/serviceAccounts/{email}",
        "uniqueId": figures(email),
    }


def _agent(given: Properties) -> Properties:
    """Google's own account for a service in a project: service-NUMBER@gcp-sa-NAME…, and its member."""
    name = given["service"].removesuffix(".googleapis.com")
    number = figures(given["project"], 12)
    # Cloud Run's is older than the pattern.
    domain = "serverless-robot-prod" if name == "run" else f"gcp-sa-{name}"
    email = f"service-{number}@{domain}.iam.gserviceaccount.com"
    return {"email": email, "member": f"serviceAccount:{email}"}


KINDS = {
    "gcp:projects/service:Service": Kind(
        "{project}/{service}",
        # The provider's Create ends in a look at the project, that of this very API too (#6101, #11435).
        RESOURCE_MANAGER,
        immutable=("service", "project"),
        defaults={"disableOnDestroy": False},
        additive=True,
        stays=True,
    ),
    "gcp:projects/serviceIdentity:ServiceIdentity": Kind(
        "projects/{project}/services/{service}",
        "",
        immutable=("service", "project"),
        computed=_agent,
        needs=lambda given: [f"{given['project']}/{given['service']}"],
        additive=True,
        stays=True,
    ),
    "gcp:serviceaccount/account:Account": Kind(
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
        "iam.googleapis.com",
        immutable=("accountId", "project"),
        named=("accountId",),
        computed=_account,
    ),
    "gcp:serviceaccount/iAMMember:IAMMember": grant(
        "{serviceAccountId}",
        "iam.googleapis.com",
        immutable=("serviceAccountId",),
        whole=lambda given: given["serviceAccountId"],
    ),
    "gcp:projects/iAMCustomRole:IAMCustomRole": Kind(
        "projects/{project}/roles/{roleId}",
        "iam.googleapis.com",
        immutable=("roleId", "project"),
        named=("roleId",),
        defaults={"stage": "GA"},
        computed=lambda given: {"name": given["id"], "deleted": False},
    ),
    "gcp:projects/iAMMember:IAMMember": grant(
        "{project}",
        RESOURCE_MANAGER,
        immutable=("project",),
        whole=elsewhere,
    ),
    "gcp:storage/bucketIAMMember:BucketIAMMember": grant(
        "b/{bucket}",
        # Enabled in every new project.
        "",
        immutable=("bucket",),
        whole=elsewhere,
    ),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": grant(
        "{cryptoKeyId}",
        "cloudkms.googleapis.com",
        immutable=("cryptoKeyId",),
        whole=elsewhere,
    ),
}
