"""What is served on loopback in the place of IB Gateway's installer and of IBC's archive, with pins that fit."""

from __future__ import annotations

import errno
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STAND_INS = Path(__file__).parent / "stand_ins"
GATEWAY_VERSION = "10.00"


def gateway_installer() -> bytes:
    """A shell script that installs what is in the archive behind it, as the real one does."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content, mode in (
            ("jars/stand-in.jar", b"", 0o644),
            (".install4j/i4jruntime.jar", b"", 0o644),
            ("ibgateway.vmoptions", b"-Xmx768m\n", 0o644),
            ("ibgateway", b"#!/bin/sh\nexit 1\n", 0o755),
            ("jre/bin/java", (STAND_INS / "java").read_bytes(), 0o755),
            ("jre/bin/gateway.py", (STAND_INS / "gateway.py").read_bytes(), 0o644),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return (STAND_INS / "install.sh").read_bytes() + archive.getvalue()


def ibc_archive() -> bytes:
    """The same bytes each time: its checksum is an argument of the build, whose layers are kept."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in (
            ("IBC.jar", b""),
            ("version", b"3.0.0-stand-in"),
            ("scripts/ibcstart.sh", (STAND_INS / "ibcstart.sh").read_bytes()),
        ):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            zipped.writestr(entry, content)
    return archive.getvalue()


@contextmanager
def served(files: dict[str, bytes], kept: Path) -> Generator[str]:
    """The address of a server on loopback that has `files` by name, and nothing else. The same as the last time where
    that is free, which the folder `kept` remembers: a layer is found again only where the address is the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.lstrip("/"))
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as its base names it
            """Says nothing: pytest shows what matters."""

    server = _bound(Handler, kept / "port")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _bound(handler: type[BaseHTTPRequestHandler], last: Path) -> ThreadingHTTPServer:
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(last.read_text()) if last.exists() else 0), handler)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    last.parent.mkdir(parents=True, exist_ok=True)
    last.write_text(str(server.server_port))
    return server


def pins(python_image: str, address: str, files: dict[str, bytes]) -> str:
    """The text of a pins file for what `served` has at `address`."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return f"""
[python]
image = "{python_image}"
[gateway]
version = "{GATEWAY_VERSION}"
url = "{address}/gateway.sh"
sha256 = "{sums["gateway.sh"]}"
[ibc]
version = "3.0.0"
url = "{address}/ibc.zip"
sha256 = "{sums["ibc.zip"]}"
"""
