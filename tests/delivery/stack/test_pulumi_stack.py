"""What Pulumi says when it cannot, and what a person is told to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from delivery.stack.pulumi_stack import PulumiError, PulumiStack
from tests.delivery import pulumi_program

PROGRAM = """\
#!{python}
import sys
sys.exit({said!r})
"""


@pytest.mark.parametrize(
    "said",
    [
        "error: unable to open bucket gs://state: open bucket gs://state: google: could not find default credentials.",
        "error: missing google credentials: unable to parse credentials from $GOOGLE_CREDENTIALS: invalid character",
    ],
)
def test_who_is_not_logged_in_is_told_how(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the first thing that a new operator meets, and Google's own words name a page that is not there."""
    pulumi_program.install(tmp_path, {})
    (tmp_path / "bin" / "pulumi").write_text(PROGRAM.format(python=sys.executable, said=said))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    with pytest.raises(
        PulumiError, match=r"\ngcloud auth application-default login$|: gcloud auth application-default"
    ):
        PulumiStack.read("paper", tmp_path).outputs()
