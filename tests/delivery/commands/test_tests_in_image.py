"""Which tests run in the image, what they are given, and how each tool is told to run them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from delivery.commands.tests_in_image import ELSEWHERE, INTEGRATION, UNIT, failed, in_image
from delivery.image.builder import BuildError
from delivery.image.packages_for_tests import IMAGE_GROUP, PYTHON, PackagesError, beyond, make_packages
from delivery.image.runner import Run, run

REPOSITORY = Path(__file__).parents[3]
DOCKERFILES = [
    (REPOSITORY / f"images/{name}/Dockerfile").read_text(encoding="utf-8") for name in ("base", "application")
]

# Stands in for a container tool: writes down what it was told, and ends as it is told to.
TOOL = """#!{python}
import json, os, pathlib, signal, sys, time
folder = pathlib.Path(__file__).parent
with (folder / "told").open("a") as told:
    told.write(json.dumps(sys.argv) + "\\n")
if sys.argv[1] == "from":
    print("working-container")
if sys.argv[1] == "run":
    if (folder / "wait").exists():
        def end(*_):
            time.sleep(0.3)
            (folder / "ended").touch()
            sys.exit(130)
        signal.signal(signal.SIGINT, end)
        (folder / "waiting").touch()
        signal.pause()
    sys.exit(int((folder / "code").read_text()))
"""
GIVEN = Run("localhost/an-image", ("python", "-V"), {Path("tests"): "/app/tests"}, {"A": "b"}, "/app")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the head of PATH with all three tools, and what they were told."""
    for name in ("docker", "podman", "buildah"):
        (tmp_path / name).write_text(TOOL.format(python=sys.executable))
        (tmp_path / name).chmod(0o755)
    (tmp_path / "code").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def told(tools: Path) -> list[list[str]]:
    return [json.loads(line)[1:] for line in (tools / "told").read_text().splitlines()]


def test_every_folder_of_tests_is_placed() -> None:
    """In the image, or elsewhere with a reason: a new folder is not left out by accident, and none is run twice."""
    folders = [
        path.name for path in (REPOSITORY / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"
    ]
    assert sorted([*UNIT, *INTEGRATION, *ELSEWHERE]) == sorted(folders)


def test_what_the_image_has_is_what_its_dockerfile_installs() -> None:
    """The packages lent to the tests are counted from there."""
    assert re.findall(r"uv sync .*--group=(\w+)", DOCKERFILES[1]) == [IMAGE_GROUP]
    assert set(re.findall(r"lib/python(3\.\d+)", "".join(DOCKERFILES))) == {PYTHON}


def test_tests_are_lent_what_the_image_has_not() -> None:
    """By name and version: another version of what is there is not there, and the hashes stay with what is lent."""
    had = (
        "flask==3.1 \\\n    --hash=sha256:aa\ngrpcio==1 ; python_version < '3.13' \\\n    --hash=sha256:bb\n"
    )
    wanted = (
        had.replace("flask==3.1", "flask==3.2")
        + "pytest==9 \\\n    --hash=sha256:cc \\\n    --hash=sha256:dd\n"
    )
    assert beyond(wanted, had) == {
        "flask==3.2": "flask==3.2 \\\n    --hash=sha256:aa",
        "pytest==9": "pytest==9 \\\n    --hash=sha256:cc \\\n    --hash=sha256:dd",
    }


def test_no_package_that_the_service_runs_on_is_lent(tmp_path: Path) -> None:
    """From the real lock file: what only tests use is lent, and a package that the image lacks is missed in it."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "of-an-earlier-lock-file").touch()
    lent = {requirement.partition("==")[0] for requirement in make_packages(folder)}
    assert {"pytest", "hypothesis", "duckdb", "pyyaml"} <= lent
    assert not lent & {
        "flask",
        "gunicorn",
        "ib-insync",
        "msgspec",
        "google-cloud-firestore",
        "grpcio",
        "numpy",
    }
    assert (folder / "pytest").is_dir()
    assert not (folder / "of-an-earlier-lock-file").exists()


def test_what_uv_refuses_is_said_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock file that is not there, or is another version's."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PackagesError, match=r"uv export --frozen: .*pyproject\.toml"):
        make_packages(tmp_path / "packages")


def test_the_service_is_the_images_own() -> None:
    """Nothing that is mounted covers what the image has, and nothing is mounted for writing."""
    there = set(in_image(UNIT, ()).mounted.values())
    assert {"/app/tests", "/app/simulator", "/srv/packages"} <= there
    assert not {path for path in there if path in {"/app", "/app/ib_trading", "/opt/service"}}


def test_a_selection_reaches_pytest() -> None:
    """`./nox -s integration -- -k lease`: after the folders, as one would type it."""
    assert in_image(INTEGRATION, ("-k", "lease")).command[-3:] == ("tests/wire", "-k", "lease")


@pytest.mark.parametrize("tool", ["docker", "podman"])
def test_a_container_has_no_network_and_writes_in_tmp_alone(tools: Path, tool: str) -> None:
    """As the image's own user: no user is named. The container goes when it ends."""
    assert run(tool, GIVEN) == 0
    [[verb, *options]] = told(tools)
    assert verb == "run"
    assert {"--rm", "--read-only", "--network=none", "--env=A=b", "--workdir=/app"} <= set(options)
    assert f"--volume={Path('tests').resolve()}:/app/tests:ro" in options
    assert not [option for option in options if option.startswith(("--user", "--privileged"))]
    assert options[-5:] == ["localhost/an-image", "-s", "--", "python", "-V"]


def test_buildahs_working_container_goes_whatever_happens(tools: Path) -> None:
    """It has none of docker's `--rm`; a failed run leaves nothing either."""
    (tools / "code").write_text("1")
    assert run("buildah", GIVEN) == 1
    assert [command[0] for command in told(tools)] == ["from", "run", "rm"]
    assert told(tools)[2] == ["rm", "working-container"]
    assert f"--volume={Path('tests').resolve()}:/app/tests:ro" in told(tools)[1]


def test_an_image_that_is_not_here_is_not_looked_for_elsewhere(tools: Path) -> None:
    """A registry somewhere could have one of that name."""
    (tools / "buildah").write_text("#!/bin/sh\necho no such image >&2\nexit 125\n")
    with pytest.raises(BuildError, match=r"is not here; ./nox -s images builds it \(no such image\)"):
        run("buildah", GIVEN)


def test_ctrl_c_waits_until_what_runs_has_ended(tools: Path) -> None:
    """Killed at once, docker's client would leave its container running."""
    (tools / "wait").touch()
    program = (
        "from delivery.image.runner import Run, run\n"
        "try:\n    run('docker', Run('an-image', ('true',), {}, {}, '/'))\n"
        "except KeyboardInterrupt:\n    raise SystemExit(130)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY)
    deadline = time.monotonic() + 120
    while not (tools / "waiting").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    assert running.wait(120) == 130
    assert (tools / "ended").exists()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (1, "some failed, as said above; one alone: -- -k NAME"),
        (4, "pytest ended with 4, as said above"),
        (5, "none was selected"),
        (125, r"the container did not start \(125\), as said above; ./nox -s images builds the image"),
    ],
)
def test_what_went_wrong_is_one_sentence(code: int, sentence: str) -> None:
    """After what pytest or the tool has printed itself."""
    assert re.match(sentence, failed(code))
