"""Optional: a mail when a month costs more than was meant. It stops nothing: that would leave positions alone.

Needs rights on the billing account, which many have not: hence only where it is configured. Google refuses it to a
person's own login unless the call says which project it counts in, which infra/stack_rules.py asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.site import Site

THRESHOLDS = (0.5, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """`amount` a month, in whole units of `currency`, which must be the billing account's."""

    amount: int
    currency: str
    billing_account: str


class Budget(Component):
    def __init__(
        self,
        site: Site,
        settings: BudgetSettings,
        channels: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("budget", opts)
        # Budgets know projects by number only: given the id, the provider would find a difference at every `up`.
        number = site.apis.project_number
        gcp.billing.Budget(
            "month",
            billing_account=settings.billing_account,
            display_name=site.names.part("month"),
            amount=gcp.billing.BudgetAmountArgs(
                specified_amount=gcp.billing.BudgetAmountSpecifiedAmountArgs(
                    currency_code=settings.currency, units=str(settings.amount)
                )
            ),
            budget_filter=gcp.billing.BudgetBudgetFilterArgs(
                projects=[pulumi.Output.concat("projects/", number)],
                # In a project of several stacks, what carries this one's label.
                labels={"stack": site.names.stack} if site.names.shared else None,
            ),
            threshold_rules=[
                gcp.billing.BudgetThresholdRuleArgs(threshold_percent=part, spend_basis="CURRENT_SPEND")
                for part in THRESHOLDS
            ],
            all_updates_rule=gcp.billing.BudgetAllUpdatesRuleArgs(
                monitoring_notification_channels=list(channels), disable_default_iam_recipients=False
            )
            if channels
            else None,
            deletion_policy="DELETE",
            opts=self.own(site.apis["billingbudgets"]),
        )
        self.register_outputs({})
