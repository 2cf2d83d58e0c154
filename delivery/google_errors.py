"""What Google's refusals mean here, and what helps: one sentence each, for every session.

Sessions that never ask Google anything do not wait for its libraries: these are imported with the first error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import DefaultCredentialsError, RefreshError

NO_QUOTA_PROJECT = "USER_PROJECT_DENIED"
QUOTA_RIGHT = "serviceusage.services.use"
REMEDIES = {
    "Unauthenticated": "log in: gcloud auth application-default login",
    "Forbidden": "the identity that runs this lacks a right; docs/deploying.md has who needs which",
    "NotFound": "is the stack deployed, and do gcp:project and gcp:region say the right ones? pulumi up makes what is"
    " missing",
    "FailedPrecondition": "what is there does not allow it; look at it in the console, then run this again",
    "TooManyRequests": "a quota is used up; wait a minute, then run this again",
    "ServerError": "Google did not answer as it should; run this again",
}
"""The name of an error in google.api_core.exceptions, for its subclasses too → what to do; the first that fits."""
COUNTING = (
    "who calls from a desk says which project the calls count in, and takes a right for it. An operator gets it by"
    " `pulumi up`, under ib-trading:operators; anybody else by gcloud projects add-iam-policy-binding PROJECT"
    " --member=user:YOUR-ADDRESS --role=roles/serviceusage.serviceUsageConsumer"
)


def refused() -> type[GoogleAPICallError]:
    """For `except`, which asks only when there is an error."""
    from google.api_core.exceptions import GoogleAPICallError

    return GoogleAPICallError


def not_logged_in() -> tuple[type[DefaultCredentialsError], type[RefreshError]]:
    """For `except`: no identity was found, or Google no longer takes it."""
    from google.auth.exceptions import DefaultCredentialsError, RefreshError

    return DefaultCredentialsError, RefreshError


def sentence(error: GoogleAPICallError) -> str:
    """What Google said, and what to do about it."""
    said = error.message.rstrip(".") or type(error).__name__
    if may_not_count(error):
        return f"Google refused: {said}; {COUNTING}"
    kinds = {kind.__name__ for kind in type(error).__mro__}
    remedy = next(
        (text for kind, text in REMEDIES.items() if kind in kinds), "mend that, then run this again"
    )
    return f"Google refused: {said}; {remedy}"


def may_not_count(error: Exception) -> bool:
    """Whether the caller lacks no right to what was asked, but that to let the call count in the project.

    Google says so by the reason USER_PROJECT_DENIED, and in the text names the right that is missing
    (https://github.com/google-github-actions/auth/issues/250 shows it whole)."""
    from google.api_core.exceptions import Forbidden

    return isinstance(error, Forbidden) and (error.reason == NO_QUOTA_PROJECT or QUOTA_RIGHT in error.message)
