"""The service in a process of its own, under gunicorn as the container runs it: for tests that need its sockets, its
environment or its end. tests/service.py has the one that is called without any."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.service import STACK_FILE

ROOT = Path(__file__).parents[1]

_PLACES = (ROOT / "gunicorn.conf.py", ROOT / "images" / "application" / "gunicorn.conf.py")
GUNICORN = next(path for path in _PLACES if path.exists())
"""How gunicorn serves it: in the image this is beside the service, in the repository with what images are made of."""

END_SECONDS = 120


def under_gunicorn(*options: str) -> list[str]:
    """The command that serves it, in ROOT. -P: gunicorn's own script, which the session and the container run, does not
    put the working directory on sys.path either."""
    return [sys.executable, "-P", "-m", "gunicorn", "-c", str(GUNICORN), *options, "ib_trading.main:app"]


@contextmanager
def serving(
    folder: Path, gateway_port: int, *, stack_file: str = STACK_FILE, **environment: str
) -> Generator[str]:
    """The service with its files in `folder`, what it writes in service.log among them, and the gateway at
    `gateway_port`; `environment` is more to set. Yields its address."""
    stack = folder / "Pulumi.paper.yaml"
    stack.write_text(stack_file)
    own = {
        "TRADING_MODE": "paper",
        "LOCAL_DATA_DIR": str(folder / "stores"),
        "IB_GATEWAY": f"127.0.0.1:{gateway_port}",
        "TRADING_CONFIG": str(stack),
        "CLOCK": "broker",
    }
    with socket.create_server(("127.0.0.1", 0)) as listening, (folder / "service.log").open("w") as log:
        port = listening.getsockname()[1]
        service = subprocess.Popen(
            under_gunicorn("--bind", f"fd://{listening.fileno()}"),
            cwd=ROOT,
            env={**os.environ, **own, **environment},
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
        )
    try:
        yield f"http://127.0.0.1:{port}"
    except Exception as error:
        error.add_note((folder / "service.log").read_text()[-20000:])
        raise
    finally:
        service.terminate()
        service.wait(END_SECONDS)
