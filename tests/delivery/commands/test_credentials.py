"""`./nox -s credentials`: where the user name and the password go, and where they are never seen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import google_crc32c
import grpc
import pytest
from google.cloud.secretmanager_v1 import SecretVersion

from delivery.commands.credentials import before, complaint
from ib_trading.schema.credentials import GatewayCredentials, read_credentials
from tests.control_plane.secret_manager import SecretManager, Version
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery import pulumi_program
from tests.delivery.terminal import Terminal, terminal

ROOT = Path(__file__).resolve().parents[3]
SECRET = "projects/my-project/secrets/ib-credentials"
OUTPUTS = {
    "tradingMode": "paper",
    "serviceName": "ib-paper",
    "repository": "europe-west6-docker.pkg.dev/my-project/ib-trading",
    "secret": "ib-credentials",
    "operatorAccount": "ib-operator@my-project.iam.gserviceaccount.com",
}
USER = "ann7731marker"
PASSWORD = 'Zq83markerÄ\\"x'
MARKS = (b"ann7731marker", b"Zq83marker")
"""What every spelling of them leaves as it is."""


@dataclass(slots=True)
class Workstation:
    """A person's checkout, and Google."""

    folder: Path
    plane: ControlPlane
    google: SecretManager

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "HOME": str(self.folder / "home"),
            "DELIVERY_STAND_INS": json.dumps({"control_plane": self.plane.address}),
        }

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-P", "-m", "delivery.commands.credentials", "paper", *options]

    def sit_down(self, *options: str) -> AbstractContextManager[Terminal]:
        return terminal(self.command(*options), self.folder, self.environment)

    def piped(self, text: bytes, *options: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.command(*options),
            cwd=self.folder,
            env=self.environment | more,
            input=text,
            capture_output=True,
            check=False,
        )

    def had(self, *payloads: bytes) -> None:
        """Versions that were added before, oldest first."""
        for number, payload in enumerate(payloads, start=1):
            shown = SecretVersion(
                name=f"{SECRET}/versions/{number}",
                state=SecretVersion.State.ENABLED,
                create_time="2026-01-05T09:30:00Z",
            )
            self.google.secrets[SECRET].append(Version(shown, payload))

    def states(self) -> list[str]:
        return [version.shown.state.name for version in self.google.secrets[SECRET]]


@pytest.fixture
def workstation(tmp_path: Path) -> Generator[Workstation]:
    pulumi_program.install(tmp_path, OUTPUTS)
    (tmp_path / "home").mkdir()
    google = SecretManager({SECRET: []})
    with control_plane() as plane:
        google.serve(plane)
        yield Workstation(tmp_path, plane, google)


def type_them(one: Terminal, password: str = PASSWORD) -> None:
    for question, text in (
        ("user name: ", USER),
        ("user name again: ", USER),
        ("password: ", password),
        ("password again: ", password),
    ):
        one.wait_for(question)
        one.type(text + "\n")


def seen_by_others() -> Iterator[tuple[str, bytes]]:
    """Arguments and environment of every process of this machine but the test itself."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            for name in ("cmdline", "environ"):
                with suppress(OSError):
                    yield f"{entry}/{name}", (entry / name).read_bytes()


def shows(content: bytes) -> bool:
    return any(mark in content for mark in MARKS)


def test_what_was_typed_is_what_the_service_reads(workstation: Workstation) -> None:
    """Every character of it."""
    with workstation.sit_down() as one:
        type_them(one)
        assert one.end() == 0, one.shown.decode()
    (payload,) = workstation.google.payloads(SECRET)
    assert payload is not None
    assert read_credentials(payload) == GatewayCredentials(USER, PASSWORD)


def test_nothing_of_it_is_ever_seen(workstation: Workstation) -> None:
    """Not on the terminal, in no process's arguments or environment, in no file of the checkout or the home folder.
    The question about older versions keeps the session up while the machine is searched."""
    workstation.had(b"{}")
    with workstation.sit_down() as one:
        type_them(one)
        one.wait_for("[y/N]")
        found = [place for place, content in seen_by_others() if shows(content)]
        limits = Path(f"/proc/{one.process.pid}/limits").read_text()
        one.type("n\n")
        assert one.end() == 0
    assert found == []
    assert not shows(one.shown)
    files = [path for path in workstation.folder.rglob("*") if path.is_file() and shows(path.read_bytes())]
    assert files == []
    (core,) = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]


def test_the_search_would_find_what_is_shown() -> None:
    """A process that is careless with it, for the test above."""
    careless = [sys.executable, "-c", "print(flush=True); input()", PASSWORD]
    with subprocess.Popen(careless, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert f"/proc/{process.pid}/cmdline" in [place for place, seen in seen_by_others() if shows(seen)]
        process.communicate(b"\n")


def test_a_refusal_by_google_shows_nothing_of_it(workstation: Workstation) -> None:
    """One sentence with the remedy, no trace."""
    workstation.plane.fail(
        "AddSecretVersion",
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission 'secretmanager.versions.add' denied for resource '{SECRET}' (or it may not exist).",
    )
    with workstation.sit_down() as one:
        type_them(one)
        assert one.end() == 1
    assert b"Permission 'secretmanager.versions.add' denied" in one.shown
    assert b"Traceback" not in one.shown and not shows(one.shown)


@pytest.mark.parametrize("variable", ["GRPC_TRACE", "GOOGLE_SDK_PYTHON_LOGGING_SCOPE"])
def test_a_library_that_logs_what_it_sends_stops_it_first(workstation: Workstation, variable: str) -> None:
    """Before anything was asked."""
    done = workstation.piped(b"{}", "--stdin", **{variable: "all"})
    assert done.returncode == 1
    assert f"{variable} would write the credentials into a log" in done.stderr.decode()


@pytest.mark.parametrize(
    "sent", ["\x03", "\x1c", signal.SIGTERM], ids=["Ctrl-C", "Ctrl-Backslash", "SIGTERM"]
)
def test_interrupted_while_it_asks_the_terminal_echoes_again(
    workstation: Workstation, sent: str | signal.Signals
) -> None:
    """And nothing was sent."""
    with workstation.sit_down() as one:
        one.wait_for("user name: ")
        assert not one.echoes
        if isinstance(sent, str):
            one.type(sent)
        else:
            one.process.send_signal(sent)
        one.wait_for("interrupted")
        assert one.echoes
        assert one.end() == 130
    assert workstation.google.secrets[SECRET] == []


def test_two_different_passwords_are_asked_for_again(workstation: Workstation) -> None:
    """A mistyped one would be tried at the broker, which locks accounts."""
    with workstation.sit_down() as one:
        for question, text in (
            ("user name: ", USER),
            ("user name again: ", USER),
            ("password: ", "other"),
            ("password again: ", PASSWORD),
        ):
            one.wait_for(question)
            one.type(text + "\n")
        one.wait_for("two different ones")
        for question in ("password: ", "password again: "):
            one.wait_for(question)
            one.type(PASSWORD + "\n")
        assert one.end() == 0
    assert len(workstation.google.secrets[SECRET]) == 1


def test_a_password_from_a_terminal_of_another_encoding_is_refused_unrepeated(
    workstation: Workstation,
) -> None:
    """Latin-1's ä is no UTF-8: one sentence, no trace, no byte of what was typed, and the terminal echoes again."""
    with workstation.sit_down() as one:
        one.wait_for("user name: ")
        one.type(MARKS[0] + b"\xe4\n")
        one.wait_for("that was no UTF-8")
        assert one.echoes
        assert one.end() == 1
    assert not shows(one.shown) and b"Traceback" not in one.shown
    assert b"\xe4" not in one.shown and b"0xe4" not in one.shown
    assert workstation.google.secrets[SECRET] == []


def test_without_a_terminal_it_refuses_and_names_the_way(workstation: Workstation) -> None:
    """A pipe that was forgotten must not be taken for an answer."""
    done = workstation.piped(b'{"userName": "u", "password": "p"}')
    assert done.returncode == 1
    assert "--stdin" in done.stderr.decode()
    assert workstation.google.secrets[SECRET] == []


def test_a_program_hands_them_over_on_standard_input(workstation: Workstation) -> None:
    """With nobody there to be asked, older versions stay."""
    workstation.had(b"{}")
    done = workstation.piped(json.dumps({"userName": USER, "password": PASSWORD}).encode(), "--stdin")
    assert done.returncode == 0, done.stderr
    assert workstation.states() == ["ENABLED", "ENABLED"]
    assert not shows(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Zq83marker",
        b'{"userName": "ann7731marker"}',
        b'{"userName": "ann7731marker", "password": ""}',
        b'{"userName": "ann7731marker", "password": "Zq83marker\\n"}',
        b'{"userName": "ann7731marker", "password": "Zq83marker", "note": "x"}',
        b"{" * 70_000,
        b'{"userName": "ann7731marker\xe4", "password": "Zq83marker"}',
    ],
)
def test_what_the_service_could_not_use_is_refused_unrepeated(workstation: Workstation, text: bytes) -> None:
    """Before Google is asked anything."""
    done = workstation.piped(text, "--stdin")
    assert done.returncode == 1
    assert not shows(done.stdout + done.stderr) and b"Traceback" not in done.stderr
    assert workstation.google.secrets[SECRET] == []


def test_older_versions_are_shown_and_destroyed_when_asked_for(workstation: Workstation) -> None:
    """More than a page of them; the new one stays, and for how long they can be brought back is said."""
    workstation.google.undo = timedelta(days=7)
    workstation.had(b"{}", b"{}", b"{}")
    with workstation.sit_down() as one:
        type_them(one)
        one.wait_for("[y/N]")
        one.type("y\n")
        assert one.end() == 0
    assert workstation.states() == ["DISABLED", "DISABLED", "DISABLED", "ENABLED"]
    assert b"gcloud secrets versions enable 3 --secret=ib-credentials" in one.shown


def test_older_versions_are_kept_unasked_where_that_is_said(workstation: Workstation) -> None:
    """--keep-old."""
    workstation.had(b"{}")
    with workstation.sit_down("--keep-old") as one:
        type_them(one)
        assert one.end() == 0
    assert workstation.states() == ["ENABLED", "ENABLED"]
    assert b"[y/N]" not in one.shown


def test_the_first_refusal_ends_the_destroying(workstation: Workstation) -> None:
    """What comes after it is left alone; the new version is there."""
    workstation.had(b"{}", b"{}")
    workstation.plane.fail("DestroySecretVersion", grpc.StatusCode.PERMISSION_DENIED, "no right")
    text = json.dumps({"userName": USER, "password": PASSWORD}).encode()
    done = workstation.piped(text, "--stdin", "--yes")
    assert done.returncode == 1
    assert workstation.states() == ["ENABLED", "ENABLED", "ENABLED"]


def test_a_stack_whose_secret_is_not_there_says_what_makes_it(workstation: Workstation) -> None:
    """`pulumi up` does."""
    workstation.google.secrets.clear()
    text = json.dumps({"userName": USER, "password": PASSWORD}).encode()
    done = workstation.piped(text, "--stdin")
    assert done.returncode == 1
    assert "`pulumi up` makes it" in done.stderr.decode()


def test_a_payload_that_was_changed_on_the_way_is_refused(workstation: Workstation) -> None:
    """The checksum is sent and checked by Google, as its reference says."""
    workstation.piped(json.dumps({"userName": USER, "password": PASSWORD}).encode(), "--stdin")
    ((_, request),) = [call for call in workstation.plane.calls if call[0] == "AddSecretVersion"]
    assert request.payload.data_crc32c == google_crc32c.value(request.payload.data)


def test_a_version_that_somebody_added_meanwhile_is_never_destroyed() -> None:
    """Nor the new one itself, nor one that is gone or about to go."""

    def version(number: int, state: str = "ENABLED") -> SecretVersion:
        return SecretVersion(name=f"{SECRET}/versions/{number}", state=SecretVersion.State[state])

    going = version(3, "DISABLED")
    going.scheduled_destroy_time = "2026-01-01T00:00:00Z"
    added = version(10)
    versions = [version(11), added, version(9, "DISABLED"), going, version(2), version(1, "DESTROYED")]
    assert [one.name.rpartition("/")[2] for one in before(versions, added)] == ["2", "9"]


@pytest.mark.parametrize("text", ["", " a", "a ", "a\tb", "a\x00", "a\u200bb"])
def test_what_was_pasted_with_too_much_is_refused(text: str) -> None:
    """The broker would count it as a wrong password."""
    assert complaint(text)


@pytest.mark.parametrize("text", ["a b", "ä€😀", "\\\"'#=:"])
def test_any_character_that_can_be_seen_is_part_of_a_password(text: str) -> None:
    """The service's reader of config.ini takes them all."""
    assert complaint(text) == ""
