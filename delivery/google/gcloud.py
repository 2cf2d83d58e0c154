"""Google's own command line: asks it, lets it act, and turns what it refuses into a sentence with the remedy.

It is always asked about one project by name, never about whichever somebody configured last.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from delivery.console.refusal import Refusal

PROGRAM = "gcloud"

RIGHTS = (
    "this needs roles/serviceusage.serviceUsageAdmin, roles/storage.admin and roles/cloudkms.admin on a project that"
    " exists (its owner has them)"
)
REMEDIES = (
    (("gcloud auth login", "reauthentication", "invalid_grant"), "nobody is logged in: gcloud auth login"),
    (
        ("HTTPError 409", "bucket name is not available"),
        "that name is taken in another project; does gcp:project say the right one?",
    ),
    (
        ("billing",),
        "nobody pays for the project: gcloud billing projects link PROJECT --billing-account=ACCOUNT",
    ),
    (
        ("SERVICE_DISABLED", "has not been used in project"),
        "what was just enabled takes a minute: run this again",
    ),
    (("PERMISSION_DENIED", "does not have permission", "HTTPError 403", "[403]"), RIGHTS),
)
"""What gcloud says, anywhere in its words → what to do about it; the first that fits. Seen with version 528."""


class GcloudError(Refusal):
    """gcloud is not there or refused; the text says what and the remedy."""


def spelled(command: Sequence[str]) -> str:
    """The command as one would type it."""
    return shlex.join([PROGRAM, *command])


def answer(command: Sequence[str]) -> str:
    """What gcloud says to a question that changes nothing. GcloudError."""
    return _run(command).stdout


def act(command: Sequence[str]) -> None:
    """Lets gcloud do it. GcloudError."""
    _run(command)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise GcloudError(
            "gcloud is not on PATH; install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install),"
            " then: gcloud auth login"
        )
    done = subprocess.run(
        [program, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        # It would otherwise ask whether to enable an API, in the middle of an answer.
        env=os.environ | {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
    )
    if done.returncode != 0:
        words = done.stderr.strip() or f"it ended with {done.returncode} and said nothing"
        raise GcloudError(f"{spelled(command)}\n{words}\n{_remedy(words)}")
    return done


def _remedy(words: str) -> str:
    for signs, remedy in REMEDIES:
        if any(sign.lower() in words.lower() for sign in signs):
            return remedy
    return "once that is mended, run this again: what exists is left as it is"
