"""The service that trades: one Cloud Run service of one instance, and who may call it. Nobody may without an identity.

The instance limit is the *service's*: a revision's own counts for that revision alone. Even so old and new overlap
while a deployment replaces one by the other; that the gateway is started once is the lease's doing, not this file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.components.network import Network
from infra.site import Site

PORT = 8080
TIMEOUT_SECONDS = 1800
"""As long as Cloud Scheduler waits. A run's own deadline is below it: schema/trading_config.py."""

INVOKER = "roles/run.invoker"


@dataclass(frozen=True, slots=True)
class TradingServiceSettings:
    """`image` by digest. `gateway_lifetime`: "request" starts the gateway in a request and stops it before the answer,
    so that the instance may lose its CPU afterwards and go; "always" keeps one instance and its login."""

    image: str
    gateway_lifetime: Literal["request", "always"]
    environment: Mapping[str, pulumi.Input[str]]


class TradingService(Component):
    """`uri` is the service's address, and the audience of a token for it."""

    def __init__(
        self,
        site: Site,
        identity: pulumi.Input[str],
        settings: TradingServiceSettings,
        network: Network | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("trading-service", opts)
        self._site = site
        always = settings.gateway_lifetime == "always"
        self.service = gcp.cloudrunv2.Service(
            "service",
            project=site.project,
            location=site.region,
            name=site.names.service,
            description="Trades with Interactive Brokers when it is called",
            # Google's scheduler and people's commands call it from outside; each needs an identity that is let in.
            ingress="INGRESS_TRAFFIC_ALL",
            invoker_iam_disabled=False,
            launch_stage="GA",
            scaling=gcp.cloudrunv2.ServiceScalingArgs(
                scaling_mode="AUTOMATIC", min_instance_count=1 if always else 0, max_instance_count=1
            ),
            traffics=[
                gcp.cloudrunv2.ServiceTrafficArgs(type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent=100)
            ],
            template=_template(site, identity, settings, network, always=always),
            labels=site.labels,
            deletion_protection=True,
            deletion_policy="PREVENT",
            opts=self.own(*site.needs("run"), protect=True),
        )
        self.name, self.uri = self.service.name, self.service.uri
        self.register_outputs({"name": self.name, "uri": self.uri})

    def let_invoke(self, who: str, member: pulumi.Input[str]) -> gcp.cloudrunv2.ServiceIamMember:
        return self._grant(f"{who}-invokes", INVOKER, member)

    def let_deploy(self, who: str, member: pulumi.Input[str]) -> None:
        """`member` may replace the service by another revision, and cannot change who may do what."""
        self._grant(f"{who}-deploys", "roles/run.developer", member)

    def _grant(self, name: str, role: str, member: pulumi.Input[str]) -> gcp.cloudrunv2.ServiceIamMember:
        return gcp.cloudrunv2.ServiceIamMember(
            name,
            project=self._site.project,
            location=self._site.region,
            name=self.name,
            role=role,
            member=member,
            opts=self.own(),
        )


def _way_out(network: Network) -> gcp.cloudrunv2.ServiceTemplateVpcAccessArgs:
    interface = gcp.cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(
        network=network.network.id, subnetwork=network.subnet.id
    )
    return gcp.cloudrunv2.ServiceTemplateVpcAccessArgs(egress="ALL_TRAFFIC", network_interfaces=[interface])


def _template(
    site: Site,
    identity: pulumi.Input[str],
    settings: TradingServiceSettings,
    network: Network | None,
    *,
    always: bool,
) -> gcp.cloudrunv2.ServiceTemplateArgs:
    run = gcp.cloudrunv2
    return run.ServiceTemplateArgs(
        service_account=identity,
        execution_environment="EXECUTION_ENVIRONMENT_GEN2",
        max_instance_request_concurrency=8,
        timeout=f"{TIMEOUT_SECONDS}s",
        session_affinity=False,
        encryption_key=site.key_name,
        labels=site.labels,
        vpc_access=_way_out(network) if network else None,
        containers=[
            run.ServiceTemplateContainerArgs(
                image=settings.image,
                ports=run.ServiceTemplateContainerPortsArgs(container_port=PORT),
                resources=run.ServiceTemplateContainerResourcesArgs(
                    limits={"cpu": "1", "memory": "2Gi"}, cpu_idle=not always, startup_cpu_boost=True
                ),
                envs=[
                    run.ServiceTemplateContainerEnvArgs(name=name, value=value)
                    for name, value in settings.environment.items()
                ],
                # 24 × 10 s; /health never waits for a login.
                startup_probe=run.ServiceTemplateContainerStartupProbeArgs(
                    http_get=run.ServiceTemplateContainerStartupProbeHttpGetArgs(path="/health", port=PORT),
                    period_seconds=10,
                    failure_threshold=24,
                    timeout_seconds=5,
                ),
                # Lenient: an instance that is ended ends a run with it.
                liveness_probe=run.ServiceTemplateContainerLivenessProbeArgs(
                    http_get=run.ServiceTemplateContainerLivenessProbeHttpGetArgs(path="/health", port=PORT),
                    period_seconds=30,
                    failure_threshold=3,
                    timeout_seconds=10,
                ),
            )
        ],
    )
