"""Decides what a failure of Firestore means to the person who called, and what to do about it.

Which of them are tried again first is decided in firestore_database.py.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from google.api_core import exceptions as google
from google.auth.exceptions import GoogleAuthError

from ib_trading.core.refusals import StoreUnavailable

_REMEDIES: tuple[tuple[type[Exception], str], ...] = (
    (
        google.PermissionDenied,
        "permission denied: give the service's identity roles/datastore.user on {database} (`pulumi up` does)",
    ),
    (
        google.Unauthenticated,
        "Google does not know who asks: run the service as its identity, see {identity}",
    ),
    (
        google.NotFound,
        "there is no {database}: `pulumi up` makes it; FIRESTORE_DATABASE and PROJECT_ID say which one is meant",
    ),
    (
        google.ResourceExhausted,
        "the quota of {database} is used up: raise it, or enable billing (console: IAM & Admin, Quotas), and try again",
    ),
    (google.GatewayTimeout, "{database} did not answer in time; try again"),
    (
        google.ServiceUnavailable,
        "{database} cannot be reached; try again, and look at status.cloud.google.com",
    ),
    (google.BadGateway, "{database} cannot be reached; try again, and look at status.cloud.google.com"),
    (google.InternalServerError, "{database} failed; try again, and look at status.cloud.google.com"),
    (google.Unknown, "the connection to {database} broke; try again, and look at status.cloud.google.com"),
    (google.Cancelled, "the connection to {database} was given up; try again"),
    (google.Aborted, "other processes kept writing the same documents of {database}; try again"),
    (
        google.FailedPrecondition,
        "{database} cannot answer as it is set up: `pulumi up` makes the indexes of schema/documents.py",
    ),
    (
        GoogleAuthError,
        "there are no credentials for {database}: run the service as its identity, see {identity}",
    ),
)
"""First match counts. What is not listed is a fault of this program, and stays as it is. DeadlineExceeded is a
GatewayTimeout; Unknown is what a stream that breaks off becomes ("Stream removed")."""

_IDENTITY = "`gcloud auth application-default login --impersonate-service-account=…`"


@contextmanager
def failures_explained(project: str, database: str) -> Generator[None]:
    """StoreUnavailable with the remedy, for whatever Google's client raises about the store itself."""
    try:
        yield
    except google.RetryError as error:
        cause = error.cause
        raise _explained(cause if isinstance(cause, Exception) else error, project, database) from error
    except (google.GoogleAPICallError, GoogleAuthError) as error:
        explained = _explained(error, project, database)
        if explained is error:
            raise
        raise explained from error


def _explained(error: Exception, project: str, database: str) -> Exception:
    name = f"Firestore database {database} of project {project}"
    if isinstance(error, google.RetryError):
        return StoreUnavailable(f"{name} did not answer in time; try again ({error})")
    for kind, remedy in _REMEDIES:
        if isinstance(error, kind):
            return StoreUnavailable(f"{remedy.format(database=name, identity=_IDENTITY)} ({_said(error)})")
    return error


def _said(error: Exception) -> str:
    """Google's own words, on one line."""
    return " ".join(f"{type(error).__name__}: {getattr(error, 'message', None) or error}".split())
