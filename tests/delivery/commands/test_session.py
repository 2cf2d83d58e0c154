"""What every session does alike, whatever it does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from google.api_core import exceptions

from delivery.google.errors import REMEDIES

SAYS_AND_LETS_SAY = """
import subprocess, sys
from delivery.commands.session import ended

def action():
    print("first")
    subprocess.run(["echo", "second"], check=True)
    print("third")
    return 0

sys.exit(ended("a session", action, "again"))
"""


def test_in_a_log_a_session_and_its_programs_are_read_in_the_order_in_which_it_happened() -> None:
    """Written to a file or a pipe, what a session says came after all that Pulumi said in between."""
    done = subprocess.run(
        [sys.executable, "-c", SAYS_AND_LETS_SAY], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["first", "second", "third"]


@pytest.mark.parametrize(
    "session", ["call", "cleanup", "credentials", "dashboard", "deploy", "promote", "push"]
)
def test_a_session_waits_for_no_library_of_google_before_it_asks_google(session: str) -> None:
    """A wrong option, or a stack that has no file, is said at once."""
    look = (
        f"import sys, delivery.commands.{session}\n"
        "print(*(name for name in sys.modules if name.startswith(('google.cloud', 'cyclonedx.validation.'))))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert not done.stdout.split()


def test_each_remedy_is_for_an_error_that_googles_library_has() -> None:
    """They are named by a word, and one that is misspelt would help nobody."""
    assert all(issubclass(getattr(exceptions, kind), exceptions.GoogleAPICallError) for kind in REMEDIES)


@pytest.mark.parametrize("session", ["cleanup", "deploy", "promote", "push", "rollback"])
def test_a_session_that_builds_nothing_needs_no_library_of_bills(session: str) -> None:
    """Their environments have none: `promote` and `rollback` ended with a ModuleNotFoundError, in an hour when going
    back is urgent. (Each is started in its own environment by .ci/run.)"""
    looked = (
        f"import delivery.commands.{session}, sys\n"
        "sys.exit(' '.join({'cyclonedx', 'packageurl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=False)
    assert not done.stderr.strip()


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        (("delivery.commands.images",), "./nox -s images -- "),
        (("delivery.commands.tests_in_image", "integration"), "./nox -s integration -- [-h] [--tool"),
        (("delivery.commands.tests_in_image", "unit"), "./nox -s tests -- --in-image [-h] [--tool"),
        (("demo",), "./nox -s demo -- "),
        (("bench",), "./nox -s bench -- "),
    ],
)
def test_a_session_explains_itself_as_it_is_called(command: tuple[str, ...], usage: str) -> None:
    """And says nothing of what the session itself puts among the arguments."""
    done = subprocess.run(
        [sys.executable, "-m", *command, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"usage: {usage}")
    assert "integration}" not in done.stdout
