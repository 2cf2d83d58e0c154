"""How long a container takes from its start to its first answered summary, less the gateway's own login, beside a bare
Flask application under gunicorn in the same image: the same X server, the same three clients of Google's imported.

Both are the image that `./nox -s images` builds, with stand-ins for what is downloaded. The service is started twice:
as in the cloud up to /health, with Google's clients, which cannot answer a summary here; and with the embedded stores,
for what a summary takes once the service is up. The sum of both is compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measured import Measured, milliseconds
from bench.start import SERVICE
from delivery.image.builder import APPLICATION
from tests.images.container import PORT, Container, running
from tests.images.downloads import gateway_installer, ibc_archive, served
from tests.images.service_in_container import gateway_notes, service
from tests.images.workshop import KEPT, REPOSITORY, Workshop

ROUNDS = 5
BOUND = 2.5
BARE = (
    f"exec gunicorn --bind 0.0.0.0:{PORT} --worker-class gthread --threads 8 --log-level warning bare_app:app"
)


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds: until the bare application's /health; of the service until its display, from there to its /health, and
    from there to its summary less the gateway's `login`."""

    bare: float
    display: float
    service: float
    summary: float
    login: float

    @property
    def total(self) -> float:
        return self.display + self.service + self.summary


def measure(rounds: int | None = None) -> Measured:
    with _images() as workshop:
        # The first fills the machine's file cache, and does not count.
        measured = [_round(workshop) for _ in range((rounds or ROUNDS) + 1)][1:]
    bare = [each.bare for each in measured]
    ratio = statistics.median(each.total for each in measured) / statistics.median(bare)
    rows = [
        ("", "time", "ratio"),
        ("display", milliseconds([each.display for each in measured]), ""),
        ("service, to its first `/health`", milliseconds([each.service for each in measured]), ""),
        ("first summary, less the login", milliseconds([each.summary for each in measured]), ""),
        ("all of it", milliseconds([each.total for each in measured]), f"{ratio:.2f}"),
        ("bare Flask, same image and imports", milliseconds(bare), "1"),
        ("left out: the stand-in's login", milliseconds([each.login for each in measured]), ""),
    ]
    about = (
        f"From the start of the container, by phase, medians of {len(measured)}. A real login takes longer."
    )
    figures = {"bare": bare, "total": [each.total for each in measured], "ratio": round(ratio, 4)}
    return Measured("container", about, rows, figures, {"ratio to the bare container": (ratio, BOUND)})


@contextmanager
def _images() -> Generator[Workshop]:
    """RuntimeError where they cannot be built; what the build said is in it."""
    files = {"gateway.sh": gateway_installer(), "ibc.zip": ibc_archive()}
    with TemporaryDirectory() as folder, served(files, KEPT) as address:
        workshop = Workshop(Path(folder) / "clone", address, files)
        workshop.prepare()
        built = workshop.build()
        if built.returncode:
            raise RuntimeError(built.stdout)
        yield workshop


def _round(workshop: Workshop) -> Round:
    with TemporaryDirectory() as folder:
        bare = _bare_seconds(workshop, Path(folder))
    with TemporaryDirectory() as folder:
        environment = SERVICE | {"K_SERVICE": "ib-paper"}
        with running(workshop.images, APPLICATION, Path(folder), environment=environment) as container:
            display = container.wait_until_displayed()
            up = container.wait_until_up()
    with TemporaryDirectory() as folder, service(workshop, Path(folder)) as container:
        summary = _summary_seconds(container)
        moments = dict(gateway_notes(Path(folder)))
        login = moments["logged in"] - moments["started"]
    return Round(bare, display, up - display, summary - login, login)


def _bare_seconds(workshop: Workshop, folder: Path) -> float:
    # What cmd.sh does before the service, and the bare application in its place.
    script = (REPOSITORY / "images/application/cmd.sh").read_text().rpartition("exec ")[0] + BARE
    with running(
        workshop.images,
        APPLICATION,
        folder,
        environment={"PYTHONPATH": "/srv/bare"},
        mounted=[(REPOSITORY / "bench", "/srv/bare")],
        command=("/usr/bin/tini", "--", "/bin/sh", "-c", script),
    ) as container:
        return container.wait_until_up()


def _summary_seconds(container: Container) -> float:
    began = time.perf_counter()
    answer = container.ask("GET", "/summary")
    if answer.status != 200:
        raise RuntimeError(f"the summary was refused: {answer.body}")
    return time.perf_counter() - began
