"""Nothing that is committed knows a machine or a vendor's host, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture.portability import lock_names_public_hosts, names_no_machine
from tests.architecture.tree import assert_obeyed, text_of, tracked


def test_no_file_names_a_path_of_one_machine_or_a_private_host() -> None:
    assert_obeyed(names_no_machine, [path for path in tracked() if path != "uv.lock"])


def test_the_lock_file_names_the_public_package_index_only() -> None:
    assert lock_names_public_hosts("uv.lock", text_of("uv.lock")) == []


@pytest.mark.parametrize(
    "text",
    [
        f"cd /{'work'}/project",
        f"DATA = '/{'root'}/.cache'",
        f"see /{'Users'}/ada/notes",
        f"index-url = https://packages.{'jfrog'}.io/pypi",
        f"https://pypi.{'corp'}/simple",
    ],
)
def test_a_path_or_host_of_somebodys_own_is_found(text: str) -> None:
    (violation,) = names_no_machine("docs/runbook.md", f"fine\n{text}\n")
    assert violation.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/work/x",
        "$HOME/work/x",
        "network/root/x",
        "http://metadata.google.internal/x",
        "a/home/b",
    ],
)
def test_an_address_or_a_relative_path_is_left_alone(text: str) -> None:
    assert names_no_machine("docs/runbook.md", text) == []


PACKAGE = """
[[package]]
name = "flask"
source = {{ {source} }}
wheels = [{{ url = "{wheel}" }}]
"""
PUBLIC_WHEEL = "https://files.pythonhosted.org/flask.whl"


@pytest.mark.parametrize(
    ("source", "wheel"),
    [
        ('registry = "https://packages.example.com/simple"', PUBLIC_WHEEL),
        ('registry = "https://pypi.org/simple"', "https://packages.example.com/flask.whl"),
        ('git = "https://github.com/pallets/flask"', PUBLIC_WHEEL),
    ],
)
def test_a_locked_package_from_elsewhere_is_found(source: str, wheel: str) -> None:
    (violation,) = lock_names_public_hosts("uv.lock", PACKAGE.format(source=source, wheel=wheel))
    assert "flask comes from" in str(violation)


def test_a_locked_package_from_the_public_index_is_left_alone() -> None:
    public = PACKAGE.format(source='registry = "https://pypi.org/simple"', wheel=PUBLIC_WHEEL)
    assert lock_names_public_hosts("uv.lock", public) == []
