"""Decides every physical name and label: a pure function of project, stack, and whether the project hosts several.

No name is random, so that a lost state can be found again; what would collide within one Google project carries the
stack's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

APPLICATION = "ib-trading"

OWN_LABELS = ("application", "stack")


@dataclass(frozen=True, slots=True)
class Names:
    """`shared`: the Google project hosts other stacks of this program too."""

    project: str
    stack: str
    shared: bool

    @property
    def service(self) -> str:
        """The Cloud Run service; schema/schedules.py names the scheduler's jobs after it."""
        return f"ib-{self.stack}"

    @property
    def runtime_account(self) -> str:
        return self._alone(APPLICATION)

    @property
    def operator_account(self) -> str:
        return self._alone("ib-operator")

    @property
    def operator_role(self) -> str:
        """Roles take no hyphens."""
        return self._alone("ib_operator").replace("-", "_")

    @property
    def scheduler_account(self) -> str:
        return self._alone("ib-scheduler")

    @property
    def build_account(self) -> str:
        return self._alone("ib-build")

    @property
    def build_role(self) -> str:
        """Roles take no hyphens."""
        return self._alone("ib_build").replace("-", "_")

    @property
    def build_cleanup_role(self) -> str:
        return self._alone("ib_build_cleanup").replace("-", "_")

    @property
    def secret(self) -> str:
        return self._alone("ib-credentials")

    @property
    def database(self) -> str:
        return self.stack

    @property
    def repository(self) -> str:
        return self._alone(APPLICATION)

    def images(self, region: str) -> str:
        """What the name of every image of this stack begins with."""
        return f"{region}-docker.pkg.dev/{self.project}/{self.repository}/"

    def dataset(self, name: str) -> str:
        """BigQuery takes no hyphens."""
        return self._alone(name).replace("-", "_")

    def part(self, title: str) -> str:
        """What belongs to the service and has no name of its own: network, alerts, metric, trigger."""
        return f"{self.service}-{title}"

    def labels(self, given: Mapping[str, str]) -> dict[str, str]:
        """On everything that takes labels; those given never hide whose it is."""
        return {**given, "application": APPLICATION, "stack": self.stack}

    def _alone(self, name: str) -> str:
        return f"{name}-{self.stack}" if self.shared else name
