"""Decides what a failure of BigQuery means for the person who called, and what helps: which role, on which resource.

A statement that BigQuery does not understand is this program's fault and stays the error it is.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError, TransportError

from ib_trading.core.refusals import StoreUnavailable

_QUOTA = frozenset({"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded", "resourcesExceeded"})
_NO_IDENTITY = "the service's identity is not accepted; check that it exists and is not disabled"
_CONFLICTS = ("due to concurrent update", "Transaction conflict", "TransactionContext Error")
"""What BigQuery, and its stand-in, say of a transaction that another one was quicker than."""


@dataclass(frozen=True, slots=True)
class Where:
    """Whose jobs, and on which dataset: what every remedy has to name."""

    project: str
    dataset: str

    @property
    def called(self) -> str:
        return f"BigQuery dataset {self.project}.{self.dataset}"


@contextmanager
def explained(where: Where) -> Generator[None]:
    """StoreUnavailable with the remedy for every failure that is BigQuery's, the network's or the identity's."""
    try:
        yield
    except TimeoutError as error:
        raise StoreUnavailable(f"{where.called} did not finish in time; try again") from error
    except (TransportError, requests.exceptions.RequestException, ConnectionError) as error:
        raise StoreUnavailable(f"{where.called} could not be reached; try again ({error})") from error
    except GoogleAuthError as error:
        raise StoreUnavailable(f"{where.called}: {_NO_IDENTITY} ({error})") from error
    except exceptions.RetryError as error:
        busy = error.cause is not None and is_conflict(error.cause)
        what = (
            "had other writers in the way all the time"
            if busy
            else "did not answer, however often it was asked"
        )
        raise StoreUnavailable(f"{where.called} {what}; try again ({error.cause})") from error
    except exceptions.GoogleAPICallError as error:
        meaning = _meaning(error, where)
        if meaning is None:
            raise
        raise StoreUnavailable(f"{where.called}: {meaning} ({error.message})") from error


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction was undone because another one changed the same table: it may be done again."""
    return isinstance(error, exceptions.GoogleAPICallError) and any(
        words in str(error.message) for words in _CONFLICTS
    )


def _meaning(error: exceptions.GoogleAPICallError, where: Where) -> str | None:
    """What happened and the remedy; None for a fault of this program."""
    reason = _reason(error)
    if reason == "bytesBilledLimitExceeded" or "bytesBilledLimitExceeded" in str(error.message):
        return "the question would read more than this program pays for; ask about fewer instruments or days"
    if reason in _QUOTA or isinstance(error, exceptions.TooManyRequests):
        return (
            f"a quota of project {where.project} is used up; wait, or ask for more under IAM & Admin → Quotas"
        )
    if isinstance(error, exceptions.Forbidden):
        return _missing_role(str(error.message), where)
    if isinstance(error, exceptions.Unauthorized):
        return _NO_IDENTITY
    if isinstance(error, exceptions.NotFound):
        return "it, or a table of it, is not there; run `pulumi up` for this stack"
    if isinstance(error, (exceptions.ServerError, exceptions.DeadlineExceeded)):
        return "BigQuery is not available; try again"
    return None


def _missing_role(message: str, where: Where) -> str:
    # BigQuery names the permission for jobs, which are the project's; everything else is the dataset's.
    if "bigquery.jobs." in message or f"Project {where.project}" in message:
        return f"the service's identity needs roles/bigquery.jobUser on project {where.project}"
    return f"the service's identity needs roles/bigquery.dataEditor on dataset {where.dataset}"


def _reason(error: exceptions.GoogleAPICallError) -> str:
    first = error.errors[0] if error.errors else {}
    return first.get("reason", "") if isinstance(first, dict) else ""
