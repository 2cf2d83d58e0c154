"""The built image is run, and serves: with its own display and its own gateway, on a read-only root file system."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.container import Container
from tests.images.service_in_container import CREDENTIALS, USER, gateway_notes, service
from tests.images.workshop import Workshop

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

# What Cloud Run grants between SIGTERM and SIGKILL.
GRACE_SECONDS = 10.0

# Their process, and who ends it with the service.
OF_STRATEGIES = {"python", "sh"}

# Asks an X server for a connection, with no credentials, and prints its answer's first byte: 1 for granted.
HELLO_TO_X = """
import socket, struct, sys
window = socket.socket(socket.AF_UNIX)
window.connect(sys.argv[1])
window.sendall(struct.pack("<cxHHHHxx", b"l", 11, 0, 0, 0))
print(window.recv(8)[0])
"""


@pytest.fixture(scope="module")
def container(
    workshop: Workshop, built: subprocess.CompletedProcess[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """A service that starts its gateway with the first request that needs it, and ends it after the last."""
    with service(workshop, tmp_path_factory.mktemp("container")) as running:
        yield running


def sessions(folder: Path) -> list[str]:
    """Logins and logouts as the broker would know them."""
    return [event for event, _ in gateway_notes(folder) if event != "started"]


def names(container: Container) -> set[str]:
    return {process.name for process in container.processes()}


def test_the_display_answers(container: Container) -> None:
    """The X server grants a connection to the user that the gateway runs as."""
    inside = ["chroot", f"--userspec={USER}:{USER}", f"/proc/{container.first}/root"]
    done = subprocess.run(
        [*inside, "/usr/local/bin/python3", "-c", HELLO_TO_X, "/tmp/.X11-unix/X99"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "1\n", done.stderr


def test_the_root_file_system_is_read_only_for_whoever_asks(container: Container) -> None:
    """Not even root could change a file of the image while it runs: the tests below pass all the same."""
    with pytest.raises(OSError, match="Read-only file system"):
        Path(f"/proc/{container.first}/root/app/cmd.sh").touch()


def test_everything_runs_as_the_user_under_a_first_process_that_buries(container: Container) -> None:
    """Nothing is root's; what gunicorn did not start is no child of gunicorn's first process, since that would take it
    for a worker and stop serving when it ends with 3. The strategies' process is the worker's."""
    container.wait_until_imported()
    processes = container.processes()
    assert {process.user for process in processes} == {USER}
    assert {process.name for process in processes if process.number == container.first} == {"tini"}
    gunicorn = [process for process in processes if process.name == "gunicorn"]
    [arbiter] = (process for process in gunicorn if process.parent == container.first)
    [worker] = (process for process in processes if process.parent == arbiter.number)
    assert worker in gunicorn
    assert {process.name for process in processes if process.parent == worker.number} == OF_STRATEGIES


def test_it_is_ready_while_its_gateway_sleeps(container: Container) -> None:
    """Every dependency is asked; a gateway that starts with a request is ready while it is asleep."""
    container.wait_until_imported()
    answer = container.ask("GET", "/ready")
    assert answer.status == 200, answer.body
    states = {dependency["name"]: dependency["state"] for dependency in answer.body["dependencies"]}
    assert states.pop("gateway") == "asleep"
    # One of the owner's libraries would stand in the way of the service's own.
    assert states.pop("strategies") == "degraded"
    assert set(states.values()) == {"ok"}


def test_it_trades_through_a_gateway_of_its_own(container: Container) -> None:
    """A summary of the account, an allocation, and what the allocation bought: the gateway logs in for each request
    and out again after it."""
    before = container.ask("GET", "/summary")
    assert before.status == 200, before.body
    allocated = container.ask("POST", "/allocation", {}, Idempotency_Key="first")
    assert allocated.status == 200, allocated.body
    assert allocated.body["orders"], "nothing was ordered"
    after = container.ask("GET", "/summary")
    assert after.body["positions"] != before.body["positions"]
    assert names(container) == {"tini", "Xvfb", "gunicorn"} | OF_STRATEGIES
    assert sessions(container.log.parent)[-2:] == ["logged in", "logged out"]


def test_no_process_is_left_unburied(container: Container) -> None:
    """The gateway's group has ended several times by now: no zombie remains of it."""
    container.ask("GET", "/summary")
    assert [process for process in container.processes() if process.state == "Z"] == []


def test_on_sigterm_the_gateway_logs_out_and_its_lease_is_released(
    workshop: Workshop, built: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    """The platform ends the container while its gateway is up: all is over within the ten seconds it grants, and the
    next instance need not wait for the lease to expire."""
    with service(workshop, tmp_path, GATEWAY_LIFETIME="always") as container:
        assert container.ask("GET", "/summary").status == 200
        seconds = container.stop()
        print(f"SIGTERM to end: {seconds:.1f} s")
        assert container.runtime.returncode == 0
        assert sessions(tmp_path) == ["logged in", "logged out"]
    assert seconds < GRACE_SECONDS
    with sqlite3.connect(tmp_path / "stores/paper.sqlite") as stores:
        assert stores.execute("SELECT holder FROM gateway_lease").fetchall() == [(None,)]


def test_the_password_is_nowhere_to_be_found_while_the_gateway_is_up(
    workshop: Workshop, built: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    """In no argument, environment or log, and in no file but the secret itself, as soon as IBC has read it."""
    with service(workshop, tmp_path, GATEWAY_LIFETIME="always") as container:
        assert container.ask("GET", "/summary").status == 200
        assert container.ask("GET", "/ready").status == 200
        secrets = (CREDENTIALS.password.encode(), CREDENTIALS.user_name.encode())
        inside = Path(f"/proc/{container.first}/root")
        looked_at = [
            *(
                Path(f"/proc/{process.number}") / kind
                for process in container.processes()
                for kind in ("cmdline", "environ")
            ),
            *(
                path
                for folder in ("tmp", "dev/shm")
                for path in (inside / folder).rglob("*")
                if path.is_file()
            ),
            container.log,
        ]
        found = [path for path in looked_at if any(secret in path.read_bytes() for secret in secrets)]
        assert found == []
