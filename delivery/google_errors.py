"""What Google's refusals mean here, and what helps: one sentence each, for every session."""

from __future__ import annotations

from google.api_core import exceptions

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
    remedy = next(
        (text for kind, text in REMEDIES if isinstance(error, kind)), "mend that, then run this again"
    )
    return f"Google refused: {said}; {remedy}"
