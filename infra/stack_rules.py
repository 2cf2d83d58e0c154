"""Decides what the keys of a stack file may say: what their types cannot, and what only makes sense together.

Each problem is the key's path and a sentence with the remedy. None quotes what may be secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from ib_trading.schema.accounts import is_account_of
from ib_trading.schema.strict import FieldError
from ib_trading.schema.trading_config import TradingConfig
from infra.caller import Caller
from infra.components.schedules import HOURLY
from infra.names import OWN_LABELS, Names
from infra.settings import BudgetSection, BuildSection, Settings

Mode = Literal["paper", "live"]

DIGEST = re.compile(r"[a-z0-9][a-z0-9._/-]*@sha256:[0-9a-f]{64}")
OPERATOR = re.compile(r"(user|group|serviceAccount):[^\s:@]+@[^\s:@]+\.[^\s:@]+|principal(Set)?://\S+")
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
BILLING_ACCOUNT = re.compile(r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")
CURRENCY = re.compile(r"[A-Z]{3}")
KEY = re.compile(r"projects/[^/\s]+/locations/(?P<place>[^/\s]+)/keyRings/[^/\s]+/cryptoKeys/[^/\s]+")
REPOSITORY = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/connections/[^/\s]+/repositories/[^/\s]+")
BRANCH = re.compile(r"[A-Za-z0-9._/-]+")
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def contradictions(
    settings: Settings, trading: TradingConfig, names: Names, mode: Mode, region: str, caller: Caller
) -> tuple[FieldError, ...]:
    """Everything that is wrong; empty if nothing is."""
    return (
        *_trading(trading, mode),
        *_image(settings.image, names, region),
        *_people(settings),
        *_labels(settings.labels),
        *_budget(settings.budget, caller, names.project),
        *_key(settings.customer_managed_key, region),
        *_build(settings.build, mode, caller),
    )


def _trading(trading: TradingConfig, mode: Mode) -> Iterator[FieldError]:
    if trading.account is not None and not is_account_of(mode, trading.account):
        other = "live" if mode == "paper" else "paper"
        yield FieldError(
            "trading.account",
            f"is no {mode} account; set the {mode} one, or deploy the {other} stack",
        )
    for index, schedule in enumerate(trading.schedules):
        if schedule.title == HOURLY.title:
            yield FieldError(
                f"trading.schedules[{index}].name",
                f"{HOURLY.title!r} is the deployment's own check; give it another name",
            )


def _image(image: str, names: Names, region: str) -> Iterator[FieldError]:
    if not image:
        return
    if not DIGEST.fullmatch(image):
        yield FieldError(
            "image",
            "names no digest, and a tag may mean another image tomorrow; write …@sha256: and 64 hexadecimal"
            " digits, as a push prints it (docs/deploying.md)",
        )
    elif not image.startswith(names.images(region)):
        yield FieldError(
            "image",
            f"is not in this stack's repository {names.images(region)}…; push it there first (docs/deploying.md)",
        )


def _people(settings: Settings) -> Iterator[FieldError]:
    for index, operator in enumerate(settings.operators):
        if not OPERATOR.fullmatch(operator):
            yield FieldError(
                f"operators[{index}]",
                f"{operator!r} is nobody IAM knows; write user:ann@example.com, group:… or serviceAccount:…",
            )
        elif operator in settings.operators[:index]:
            yield FieldError(f"operators[{index}]", f"{operator!r} is there twice; leave one")
    if settings.notification_address and not ADDRESS.fullmatch(settings.notification_address):
        yield FieldError("notificationAddress", "is no mail address; write ann@example.com, or leave it out")


def _labels(labels: dict[str, str]) -> Iterator[FieldError]:
    for key, value in labels.items():
        if key in OWN_LABELS:
            yield FieldError(
                f"labels.{key}", "says whose a resource is and is set by the deployment; drop it"
            )
        elif not LABEL_KEY.fullmatch(key):
            yield FieldError(
                f"labels.{key}",
                "is no label; write small letters, digits, - and _, a letter first, at most 63",
            )
        elif not LABEL_VALUE.fullmatch(value):
            yield FieldError(
                f"labels.{key}",
                f"{value!r} is no label's value; write small letters, digits, - and _, at most 63",
            )


def _budget(budget: BudgetSection, caller: Caller, project: str) -> Iterator[FieldError]:
    """Only in the stack's own project does the stack enable the budgets' API; the warning is the provider's
    (pulumi_gcp/billing/budget.py)."""
    if budget == BudgetSection():
        return
    if not caller.impersonated and caller.counted_in != project:
        yield FieldError(
            "budget",
            "is refused by Google (403) to a person's own login that does not say which project its calls count in;"
            f" write gcp:userProjectOverride: true and gcp:billingProject: {project}, or the account to deploy as:"
            " gcp:impersonateServiceAccount: …@….iam.gserviceaccount.com",
        )
    if not budget.amount:
        yield FieldError("budget.amount", "is missing; write what a month may cost, in whole units")
    if not CURRENCY.fullmatch(budget.currency):
        yield FieldError("budget.currency", "is no currency; write the billing account's own, e.g. CHF")
    if not BILLING_ACCOUNT.fullmatch(budget.billing_account):
        yield FieldError(
            "budget.billingAccount",
            "is no billing account; write it as 012345-6789AB-CDEF01 (gcloud billing accounts list)",
        )


def _key(key: str, region: str) -> Iterator[FieldError]:
    if not key:
        return
    found = KEY.fullmatch(key)
    if not found:
        yield FieldError(
            "customerManagedKey",
            "is no key; write projects/…/locations/…/keyRings/…/cryptoKeys/… (gcloud kms keys list)",
        )
    elif found["place"] != region:
        yield FieldError(
            "customerManagedKey",
            f"is in {found['place']}, but the stack is in {region}; take a key of that region",
        )


def _build(build: BuildSection, mode: Mode, caller: Caller) -> Iterator[FieldError]:
    if build == BuildSection():
        return
    if mode == "live":
        yield FieldError(
            "build",
            "deploys what is pushed, and live gets only what ran on paper; drop it, and promote a digest from there",
        )
        return
    if caller.impersonated:
        yield FieldError(
            "build",
            "deploys from this file too, as an identity that may act as nobody else; take"
            " gcp:impersonateServiceAccount out, and set GOOGLE_IMPERSONATE_SERVICE_ACCOUNT where a person deploys",
        )
    for name, value, pattern, example in (
        ("repository", build.repository, REPOSITORY, "projects/…/locations/…/connections/…/repositories/…"),
        ("branch", build.branch, BRANCH, "the name of one branch, e.g. main"),
        ("stateBucket", build.state_bucket, BUCKET, "the bucket that ./nox -s bootstrap made"),
        (
            "stateKey",
            build.state_key,
            KEY,
            "projects/…/locations/…/keyRings/…/cryptoKeys/…, as bootstrap made it",
        ),
    ):
        if not pattern.fullmatch(value):
            yield FieldError(f"build.{name}", f"is {'wrong' if value else 'missing'}; write {example}")
