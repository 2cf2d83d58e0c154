"""What Google's refusals mean here, and what helps: one sentence each, for every session.

Sessions that never ask Google anything do not wait for its libraries: these are imported with the first error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

LOGIN = "gcloud auth application-default login"
LOGGED_OUT = ("reauthentication", "invalid_grant")
"""What Google's library says of a login that has run out, anywhere in its words; gRPC wraps it in an UNAVAILABLE
(github.com/googleapis/google-auth-library-python, google/auth/_default.py and google/oauth2/reauth.py)."""
NO_QUOTA_PROJECT = "USER_PROJECT_DENIED"
QUOTA_RIGHT = "serviceusage.services.use"
REMEDIES = {
    "Unauthenticated": f"log in: {LOGIN}",
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


def refused() -> tuple[type[GoogleAPIError], type[GoogleAuthError]]:
    """For `except`, which asks only when there is an error: what Google answers, that it was away for so long that its
    library gave up (a RetryError is no GoogleAPICallError), and that nobody knows who asks."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    return GoogleAPIError, GoogleAuthError


def logged_out(error: BaseException) -> bool:
    """Whether the login has run out, also where gRPC calls that an outage, which waiting does not end."""
    words = str(error).lower()
    return any(sign in words for sign in LOGGED_OUT)


def sentence(error: Exception) -> str:
    """What Google said, and what to do about it, of an error that is one of `refused`."""
    from google.api_core.exceptions import GoogleAPIError, RetryError

    cause = error.cause if isinstance(error, RetryError) and error.cause else error
    if logged_out(cause) or not isinstance(cause, GoogleAPIError):
        return _of_identity(cause)
    said = str(getattr(cause, "message", cause)).rstrip(".") or type(cause).__name__
    if may_not_count(cause):
        return f"Google refused: {said}; {COUNTING}"
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    remedy = next(
        (text for kind, text in REMEDIES.items() if kind in kinds), "mend that, then run this again"
    )
    often = " for as long as was waited" if cause is not error else ""
    return f"Google refused{often}: {said}; {remedy}"


def _of_identity(error: Exception) -> str:
    from google.auth.exceptions import TransportError

    if isinstance(error, TransportError) and not logged_out(error):
        return f"Google could not be asked who you are ({error}); is the network there? Run this again"
    return f"Google does not know who you are ({error}); {LOGIN}"


def may_not_count(error: Exception) -> bool:
    """Whether the caller lacks no right to what was asked, but that to let the call count in the project.

    Google says so by the reason USER_PROJECT_DENIED, and in the text names the right that is missing
    (https://github.com/google-github-actions/auth/issues/250 shows it whole)."""
    from google.api_core.exceptions import Forbidden

    return isinstance(error, Forbidden) and (error.reason == NO_QUOTA_PROJECT or QUOTA_RIGHT in error.message)
