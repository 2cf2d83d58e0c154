"""A program: becomes the first process of a container, as a container runtime would start it.

    unshare --mount --pid --net --ipc --fork python contained.py SPECIFICATION

The specification is JSON (container.py writes it). Decides what the container sees: the image's files, read-only if
asked, its own processes, an own network with nothing but loopback, tmpfs where memory was asked for, and what is
mounted into it. Needs the standard library alone.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

DEVICES = ("full", "null", "random", "urandom", "zero")
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
PR_SET_PDEATHSIG, SIGKILL = 1, 9


def main(specification: dict[str, Any]) -> None:
    switch_on_loopback()
    root = Path(specification["root"])
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    mount("-t", "proc", "proc", made(root / "proc"))
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", made(root / "dev"))
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", Path("/dev") / name, root / "dev" / name)
    for name in specification["memory"]:
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", made(root / name.lstrip("/")))
    for source, name in specification["mounted"]:
        mount("--rbind", source, made(root / name.lstrip("/")))
        mount("-o", "remount,bind,ro", root / name.lstrip("/"))
    for source, name in specification["kept"]:
        mount("--bind", source, made(root / name.lstrip("/")))
    if specification["read_only"]:
        mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir(specification["folder"])
    os.setgroups([])
    os.setgid(specification["group"])
    os.setuid(specification["user"])
    # Whoever watches the container may be killed; the container ends with it. Another user forgets this, so it is last.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
    os.execvpe(specification["command"][0], specification["command"], specification["environment"])


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


def switch_on_loopback() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
