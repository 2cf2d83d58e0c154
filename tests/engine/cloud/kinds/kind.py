"""What the stand-in has to know of one resource type, and the grants, which are alike for all of Google's services."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engine.cloud.world import World

Properties = Mapping[str, Any]

ACCOUNT = "projects/{project}/serviceAccounts/{email}"
OWN_ACCOUNT = re.compile(
    r"(?:serviceAccount:)?((?!service-\d|bq-\d)[a-z0-9-]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com)"
)
"""An account that somebody made. Google's own agents, service-NUMBER@…, come with their API."""
ENCRYPTING = re.compile(r"serviceAccount:(bq-\d+@bigquery-encryption\.iam\.gserviceaccount\.com)")
"""BigQuery's: there only once somebody has asked for it (`bq show --encryption_service_account`)."""


def nothing(_: Properties) -> Properties:
    return {}


def told(**properties: Any) -> Callable[[Properties], Properties]:
    """Google tells the same of every one."""
    return lambda _: properties


def free(_: Properties) -> str:
    return ""


def elsewhere(_: Properties) -> str:
    """Made by somebody else, before the stack."""
    return ""


def _alone(_: Properties) -> Iterable[str]:
    return ()


def at_rest(world: World, id_: str, given: Properties) -> tuple[Properties, str]:
    return {}, ""


@dataclass(frozen=True, slots=True)
class Kind:
    """`id` is a format of the inputs (two with the same one are the same thing to Google), or has `{number}`: Google
    numbers them, and takes two that are equal. `api`, which has to be enabled first, is the host of the service."""

    id: str
    api: str
    immutable: tuple[str, ...] = ()
    """Inputs that force a replacement; "a.b" where a part of a structure does."""
    named: tuple[str, ...] = ()
    """Names that Pulumi would make up, at random, if the program gave none."""
    defaults: Properties = field(default_factory=dict)
    computed: Callable[[Properties], Properties] = nothing
    """What only Google can tell, from the inputs and the `id`."""
    retold: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Inputs that Google answers in its own spelling, and how; a text in another one is a difference at every `up`."""
    needs: Callable[[Properties], Iterable[str]] = _alone
    """The ids of what must exist already."""
    started: Callable[[World, str, Properties], tuple[Properties, str]] = at_rest
    """What Google starts once it has the resource with that id, and then tells of it; and why that failed, "" if not.
    A resource whose start failed is there all the same."""
    guard: Callable[[Properties], str] = free
    """Why it may not be deleted; "" if it may."""
    counts: bool = False
    """Refuses a person's own login that does not say in which project its calls count."""
    additive: bool = False
    """A line in a list: adding it twice is no error, as with grants and enabled services."""
    stays: bool = False
    """Deleting it from the stack deletes nothing at Google."""


def guarded_by(name: str, protecting: object = True) -> Callable[[Properties], str]:
    """Refuses while the property has that value."""

    def refuses(given: Properties) -> str:
        return f"{name} is {given[name]}" if given.get(name) == protecting else ""

    return refuses


def figures(text: str, count: int = 21) -> str:
    """Figures as Google numbers its accounts and projects; the same for the same text."""
    return str(10 ** (count - 1) + int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))[:count]


def within(folder: str, name: str) -> str:
    """`name` is a full name already, or one in `folder`: most arguments take both."""
    return name if name.startswith("projects/") else f"{folder}/{name}"


def accounts(*texts: str | None) -> list[str]:
    """The ids of the service accounts that are named in `texts`, but those that are always there."""
    given = [text for text in texts if text]
    made = [match for match in map(OWN_ACCOUNT.fullmatch, given) if match]
    encrypting = [match[1] for match in map(ENCRYPTING.fullmatch, given) if match]
    return [ACCOUNT.format(project=match[2], email=match[1]) for match in made] + encrypting


def grant(on: str, api: str, *, immutable: tuple[str, ...], whole: Callable[[Properties], str]) -> Kind:
    """A role for a member `on` a resource, whose full name `whole` tells ("" if it was not made here): nothing about a
    grant can be changed, it is replaced."""
    return Kind(
        f"{on}/{{role}}/{{member}}",
        api,
        immutable=(*immutable, "role", "member", "condition"),
        computed=told(etag="BwXhqDoJ+dA="),
        needs=lambda given: [*filter(None, [whole(given)]), *accounts(given["member"])],
        additive=True,
    )
