"""The keys under `ib-trading:` in a stack file: types and defaults. Pulumi.yaml declares the same ones for the engine.

What they may say together is stack_config.py's; what is inside `trading` is schema/'s.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of every section: strict, camelCase."""


class Retention(_Section, frozen=True):
    """How long Google keeps what was replaced or thrown away."""

    secret_version_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 30
    """Destroyed credentials can be brought back for so long."""
    image_days: Annotated[int, msgspec.Meta(ge=1)] = 30
    """Age at which an image without a tag is deleted."""
    backup_days: Annotated[int, msgspec.Meta(ge=1, le=98)] = 14
    """Age at which a daily backup of the database is deleted; 98 is Google's most."""
    point_in_time_recovery: bool = True
    """Whether the database can be read as of any minute of the last seven days."""
    history_undo_days: Annotated[int, msgspec.Meta(ge=2, le=7)] = 7
    """How far back overwritten rows of the warehouse can be read."""


class BudgetSection(_Section, frozen=True):
    """A month's amount, in whole units of the billing account's own currency. 0: no budget."""

    amount: Annotated[int, msgspec.Meta(ge=0)] = 0
    currency: str = ""
    billing_account: str = ""


class BuildSection(_Section, frozen=True):
    """What a push builds and deploys, paper only. No repository: nothing."""

    repository: str = ""
    """The connected one: projects/…/locations/…/connections/…/repositories/…"""
    branch: str = "main"
    state_bucket: str = ""
    state_key: str = ""


class Settings(_Section, frozen=True):
    """Everything but the order of magnitude has a default; `trading` has those of its own."""

    trading: dict[str, object]
    trading_mode: Literal["", "paper", "live"] = ""
    """"": the stack's name says it."""
    image: str = ""
    """The application image by digest. "": not pushed yet, so no service is made."""
    shared_project: bool = False
    """Whether the Google project hosts other stacks of this program: names then carry the stack's."""
    gateway_lifetime: Literal["", "request", "always"] = ""
    """"": paper's gateway lives for a request, live's always, since each login may need a person's second factor."""
    schedules_paused: bool = False
    """Whether the jobs are there and call nothing: until a first deployment is known to work, or while one looks."""
    static_egress_address: bool = False
    operators: tuple[str, ...] = ()
    """Who may call the service by hand, as IAM members: user:ann@example.com, group:…"""
    notification_address: str = ""
    """Whom alerts mail. "": nobody. May be encrypted."""
    retention: Retention = Retention()
    labels: dict[str, str] = {}
    budget: BudgetSection = BudgetSection()
    customer_managed_key: str = ""
    """projects/…/locations/…/keyRings/…/cryptoKeys/…, in the stack's region. "": Google's own keys."""
    build: BuildSection = BuildSection()


MAY_BE_SECRET = frozenset({"notificationAddress", "trading"})
"""Keys whose value (in `trading`: the account's number) may be encrypted; they appear in no output, nor in the clear in
the state. All else is compared, shown and named after."""
