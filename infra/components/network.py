"""Optional: how the service gets one address that never changes, because the broker asks for the second factor anew
when it does. All that the service sends leaves through it.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.site import Site

RANGE = "10.8.0.0/26"
"""The smallest subnet that Cloud Run takes; nothing else is in this network."""


class Network(Component):
    """`network`, `subnet` and `address` of the way out."""

    def __init__(self, site: Site, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", opts)
        names, compute = site.names, site.apis["compute"]
        self.network = gcp.compute.Network(
            "egress",
            project=site.project,
            name=names.part("egress"),
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            deletion_policy="DELETE",
            opts=self.own(compute),
        )
        self.subnet = gcp.compute.Subnetwork(
            "egress",
            project=site.project,
            name=names.part("egress"),
            region=site.region,
            network=self.network.id,
            ip_cidr_range=RANGE,
            private_ip_google_access=True,
            deletion_policy="DELETE",
            opts=self.own(),
        )
        # Losing it costs no data, but a login by hand; so it is kept like data.
        self.reserved = gcp.compute.Address(
            "egress",
            project=site.project,
            name=names.part("egress"),
            region=site.region,
            address_type="EXTERNAL",
            network_tier="PREMIUM",
            labels=site.labels,
            deletion_policy="PREVENT",
            opts=self.own(compute, protect=True),
        )
        self.address = self.reserved.address
        self._translate(site)
        self.register_outputs({"address": self.address})

    def _translate(self, site: Site) -> None:
        router = gcp.compute.Router(
            "egress",
            project=site.project,
            name=site.names.part("egress"),
            region=site.region,
            network=self.network.id,
            deletion_policy="DELETE",
            opts=self.own(),
        )
        gcp.compute.RouterNat(
            "egress",
            project=site.project,
            name=site.names.part("egress"),
            region=site.region,
            router=router.name,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[self.reserved.self_link],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                gcp.compute.RouterNatSubnetworkArgs(
                    name=self.subnet.id, source_ip_ranges_to_nats=["ALL_IP_RANGES"]
                )
            ],
            log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
            deletion_policy="DELETE",
            opts=self.own(),
        )
