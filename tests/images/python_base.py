"""Makes what stands in for python:3.12-slim-bookworm where no registry is: Debian by mmdebstrap, with this machine's
Python 3.12 copied to /usr/local.

Decides how near it comes: the same Debian release, the libraries that the official image has, no compiled modules, no
tests of Python's own. Takes half a minute, and is kept as a file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path("/etc/apt/sources.list.d")
PUBLIC_MIRROR = "http://deb.debian.org/debian"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# What Python's compiled modules load, and what the official image keeps beside them.
PACKAGES = """ca-certificates netbase tzdata libbz2-1.0 libffi8 liblzma5 libncursesw6 libreadline8 libsqlite3-0 libssl3
libuuid1 zlib1g libexpat1 libgdbm6""".split()
LEFT_OUT = (
    "test",
    "tests",
    "tkinter",
    "idlelib",
    "lib2to3",
    "ensurepip",
    "__pycache__",
    "site-packages",
    "config-*",
)

# The certificates are this machine's own: it may reach package indexes through a proxy with a certificate of its own.
DOCKERFILE = """FROM scratch
ADD base.tar /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt
CMD ["python3"]
"""


def make_python_base(folder: Path) -> Path:
    """A folder to build the stand-in's image from: `base.tar` and a Dockerfile. Made once, then found."""
    if sys.version_info[:2] != (3, 12):
        raise RuntimeError("the images run Python 3.12, and so must these tests: ./nox -s image-tests")
    if not (folder / "base.tar").exists():
        root = folder / "root"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        mirror = debian_mirror()
        subprocess.run(
            ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}",
             "bookworm", str(root), mirror],
            check=True,
        )  # fmt: skip
        _copy_python(root / "usr/local")
        shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
        subprocess.run(["chroot", str(root), "ldconfig"], check=True)
        subprocess.run(["tar", "-C", str(root), "-cf", str(folder / "making.tar"), "."], check=True)
        shutil.rmtree(root)
        (folder / "making.tar").rename(folder / "base.tar")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def debian_mirror() -> str:
    """Where this machine gets Debian's packages from: the first address that its sources name."""
    for file in sorted(SOURCES.glob("*.sources")):
        if found := re.search(r"^URIs:\s*(\S+)", file.read_text(), re.MULTILINE):
            return found[1]
    return PUBLIC_MIRROR


def _copy_python(to: Path) -> None:
    home, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copytree(home / "lib" / version, to / "lib" / version, ignore=shutil.ignore_patterns(*LEFT_OUT))
    packages = Path("lib") / version / "site-packages"
    for package in (home / packages).glob("pip*"):
        # Its vendored packages have folders with names that Python's own library does without.
        shutil.copytree(package, to / packages / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    # `venv` makes an environment's pip from what is bundled here.
    shutil.copytree(home / "lib" / version / "ensurepip", to / "lib" / version / "ensurepip")
    for library in (home / "lib").glob(f"lib{version}.so*"):
        shutil.copy(library, to / "lib")
    shutil.copy(home / "bin" / version, to / "bin")
    for name in ("python3", "python"):
        (to / "bin" / name).symlink_to(version)
