"""What Google's refusals mean here, and what helps: one sentence each, for every session."""

from __future__ import annotations

from google.api_core import exceptions

NO_QUOTA_PROJECT = "USER_PROJECT_DENIED"
QUOTA_RIGHT = "serviceusage.services.use"
REMEDIES: tuple[tuple[type[exceptions.GoogleAPICallError], str], ...] = (
    (
        exceptions.Unauthenticated,
        "log in: gcloud auth application-default login",
    ),
    (
        exceptions.Forbidden,
        "the identity that runs this lacks a right; docs/deploying.md has who needs which",
    ),
    (
        exceptions.NotFound,
        "is the stack deployed, and do gcp:project and gcp:region say the right ones? pulumi up makes what is missing",
    ),
    (
        exceptions.FailedPrecondition,
        "what is there does not allow it; look at it in the console, then run this again",
    ),
    (
        exceptions.TooManyRequests,
        "a quota is used up; wait a minute, then run this again",
    ),
    (
        exceptions.ServerError,
        "Google did not answer as it should; run this again",
    ),
)
"""The first that fits."""


def sentence(error: exceptions.GoogleAPICallError) -> str:
    """What Google said, and what to do about it."""
    said = error.message.rstrip(".") or type(error).__name__
    if may_not_count(error):
        return (
            f"Google refused: {said}; who calls from a desk says which project the calls count in, and takes a right"
            " for it. An operator gets it by `pulumi up`, under ib-trading:operators; anybody else by"
            " gcloud projects add-iam-policy-binding PROJECT --member=user:YOUR-ADDRESS"
            " --role=roles/serviceusage.serviceUsageConsumer"
        )
    remedy = next(
        (text for kind, text in REMEDIES if isinstance(error, kind)), "mend that, then run this again"
    )
    return f"Google refused: {said}; {remedy}"


def may_not_count(error: exceptions.GoogleAPICallError) -> bool:
    """Whether the caller lacks no right to what was asked, but that to let the call count in the project.

    Google says so by the reason USER_PROJECT_DENIED, and in the text names the right that is missing
    (https://github.com/google-github-actions/auth/issues/250 shows it whole)."""
    refused = isinstance(error, exceptions.Forbidden)
    return refused and (error.reason == NO_QUOTA_PROJECT or QUOTA_RIGHT in error.message)
