"""What runs, is started, and is reached: Cloud Run, Cloud Scheduler, Cloud Build, and the network.

Facts are from the reference of the Terraform provider that pulumi_gcp wraps (registry.terraform.io/providers/
hashicorp/google/latest/docs/resources): google_cloud_run_v2_service (`deletion_protection` "Defaults to true"),
google_cloud_run_service_iam, google_cloud_scheduler_job, google_cloudbuild_trigger, google_compute_network,
_subnetwork, _router, _router_nat, _address ("Forces new resource" on all that is named here as immutable).
"""

from __future__ import annotations

from tests.engine.cloud.kinds.kind import Kind, Properties, accounts, figures, grant, guarded_by, within
from tests.engine.cloud.revisions import roll_out

RUN = "run.googleapis.com"
NETWORK = "compute.googleapis.com"
SERVICE = "projects/{project}/locations/{location}/services/{name}"
REGIONAL = "projects/{project}/regions/{region}"


def _service(given: Properties) -> Properties:
    uri = f"https://{given['name']}-{figures(given['project'], 12)}.{given['location']}.run.app"
    return {
        "uri": uri,
        "urls": [uri],
        "uid": figures(given["name"]),
        "etag": "CNSt",
    }


def _linked(given: Properties) -> Properties:
    """Networks and what is in them are named by links."""
    folder = f"projects/{given['project']}/{_place(given)}"
    return {"selfLink": f"https://www.googleapis.com/compute/v1/{folder}/{given['name']}"}


def _place(given: Properties) -> str:
    return f"regions/{given['region']}" if "region" in given else "global/networks"


def _in_network(given: Properties) -> list[str]:
    link = str(given["network"]).removeprefix("https://www.googleapis.com/compute/v1/")
    return [within(f"projects/{given['project']}/global/networks", link)]


RUNNING = {
    "gcp:cloudrunv2/service:Service": Kind(
        SERVICE,
        RUN,
        immutable=("name", "location", "project"),
        named=("name",),
        defaults={"deletionProtection": True},
        computed=_service,
        started=roll_out,
        needs=lambda given: accounts(given["template"].get("serviceAccount")),
        guard=guarded_by("deletionProtection"),
    ),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": grant(
        SERVICE,
        RUN,
        immutable=("name", "location", "project"),
        whole=lambda given: within(SERVICE.format_map({**given, "name": ""}).rstrip("/"), given["name"]),
    ),
    "gcp:cloudscheduler/job:Job": Kind(
        "projects/{project}/locations/{region}/jobs/{name}",
        "cloudscheduler.googleapis.com",
        immutable=("name", "region", "project"),
        named=("name",),
        computed=lambda given: {"state": "PAUSED" if given.get("paused") else "ENABLED"},
        needs=lambda given: accounts(
            given.get("httpTarget", {}).get("oidcToken", {}).get("serviceAccountEmail")
        ),
    ),
    "gcp:cloudbuild/trigger:Trigger": Kind(
        "projects/{project}/locations/{location}/triggers/{number}",
        "cloudbuild.googleapis.com",
        immutable=("location", "project"),
        named=("name",),
        defaults={"location": "global"},
        computed=lambda given: {"triggerId": given["id"].rpartition("/")[2]},
    ),
}

REACHED = {
    "gcp:compute/network:Network": Kind(
        "projects/{project}/global/networks/{name}",
        NETWORK,
        immutable=("name", "project"),
        named=("name",),
        defaults={"autoCreateSubnetworks": True},
        computed=_linked,
    ),
    "gcp:compute/subnetwork:Subnetwork": Kind(
        f"{REGIONAL}/subnetworks/{{name}}",
        NETWORK,
        immutable=("name", "network", "region", "project"),
        named=("name",),
        computed=lambda given: {
            **_linked(given),
            "gatewayAddress": str(given["ipCidrRange"]).replace(".0/", ".1/").partition("/")[0],
        },
        needs=_in_network,
    ),
    "gcp:compute/router:Router": Kind(
        f"{REGIONAL}/routers/{{name}}",
        NETWORK,
        immutable=("name", "network", "region", "project"),
        named=("name",),
        computed=_linked,
        needs=_in_network,
    ),
    "gcp:compute/routerNat:RouterNat": Kind(
        "{project}/{region}/{router}/{name}",
        NETWORK,
        immutable=("name", "router", "region", "project"),
        named=("name",),
        needs=lambda given: [within(f"{REGIONAL.format_map(given)}/routers", given["router"])],
    ),
    "gcp:compute/address:Address": Kind(
        f"{REGIONAL}/addresses/{{name}}",
        NETWORK,
        immutable=("name", "addressType", "networkTier", "region", "project"),
        named=("name",),
        computed=lambda given: {
            **_linked(given),
            "address": f"203.0.113.{int(figures(given['name'])) % 256}",
        },
    ),
}

KINDS = RUNNING | REACHED
