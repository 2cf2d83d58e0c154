"""Builds an image from a Dockerfile with the tool that the machine has, reads back what became of it, and pushes it.

Decides which tool (docker, podman, buildah: the first that works) and how each is told the same thing.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from delivery.console.refusal import Refusal

BASE = "localhost/ib-trading-base"
APPLICATION = "localhost/ib-trading"
"""What both images are called on the machine that builds them."""

TOOLS = ("docker", "podman", "buildah")
PLATFORM = "linux/amd64"
"""What Cloud Run runs and IB Gateway's installer is for; a tool builds for the machine that it is on, if not told."""


class BuildError(Refusal):
    """An image was not built; the tool has said why."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`size` in bytes, uncompressed; `made_by` is the instruction of the Dockerfile."""

    size: int
    made_by: str


def find_tool(wanted: str | None = None) -> str:
    """The tool to build with: `wanted`, or the first that is installed and answers. BuildError where there is none."""
    for tool in (wanted,) if wanted else TOOLS:
        # `info` asks docker's daemon, which a machine may have the client of and not the server.
        if shutil.which(tool) and _quiet(tool, "info"):
            return tool
    raise BuildError(
        f"none of {', '.join((wanted,) if wanted else TOOLS)} is installed and works here;"
        " on Debian and Ubuntu: apt-get install buildah"
    )


def build(
    tool: str,
    dockerfile: Path,
    context: Path,
    name: str,
    arguments: Mapping[str, str],
    labels: Mapping[str, str] | None = None,
) -> None:
    """BuildError where the tool ends with anything but 0. What it prints goes where ours does."""
    command = [tool, *_BUILD[tool], "--platform", PLATFORM, "--file", str(dockerfile), "--tag", name]
    for key, value in arguments.items():
        command += ["--build-arg", f"{key}={value}"]
    for key, value in (labels or {}).items():
        command += ["--label", f"{key}={value}"]
    _shown(*command, str(context), what=f"build {dockerfile}")


# Debian's buildah comes without a container runtime, and needs none to run a build's commands under a changed root.
_BUILD = {
    "docker": ("build",),
    "podman": ("build", "--layers"),
    "buildah": ("bud", "--layers", "--isolation", "chroot", "--network", "host"),
}


@dataclass(frozen=True, slots=True)
class Login:
    """What a registry takes for an identity. The password is shown to nobody."""

    host: str
    user: str
    password: str = field(repr=False)


def is_here(tool: str, name: str) -> bool:
    """Whether the tool has an image of that name."""
    return _quiet(tool, "inspect", "--type", "image", name)


def identity(tool: str, name: str) -> str:
    """The digest, sha256:…, by which the tool knows its image of that name, "" where it has none. It is the
    configuration's, which a push does not change, or, in docker's newer store, the manifest's or index's
    (https://github.com/moby/moby/issues/48401)."""
    field = ".FromImageID" if tool == "buildah" else ".Id"
    command = (tool, "inspect", "--type", "image", "--format", f"{{{{{field}}}}}", name)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    digest = done.stdout.strip().removeprefix("sha256:")
    return f"sha256:{digest}" if done.returncode == 0 and digest else ""


def architecture(tool: str, name: str) -> str:
    """What the image is for, as Go calls it (amd64, arm64). BuildError where it is not here."""
    field = ".OCIv1.Architecture" if tool == "buildah" else ".Architecture"
    return _output(tool, "inspect", "--type", "image", "--format", f"{{{{{field}}}}}", name).strip()


def push(tool: str, local: str, remote: str, login: Login, *, encrypted: bool) -> None:
    """Uploads the image `local` as HOST/NAME:TAG. What the tool prints goes where ours does. BuildError where it ends
    with anything but 0.

    The login is a file that only its owner reads, and gone afterwards: what is an argument or in the environment,
    others on the machine read too. `encrypted` is no for a registry on this machine.
    """
    auth = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    with tempfile.TemporaryDirectory(prefix="ib-push-") as folder:
        file = Path(folder, "config.json")
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {login.host: {"auth": auth}}}), encoding="utf-8")
        if tool == "docker":
            _push_by_docker(local, remote, file.parent)
            return
        plain = () if encrypted else ("--tls-verify=false",)
        target = f"docker://{remote}"
        _shown(tool, "push", "--authfile", str(file), *plain, local, target, what=f"push {local}")


def _push_by_docker(local: str, remote: str, config: Path) -> None:
    """The folder of its login is also that of its contexts; which daemon is meant is asked before it is another."""
    daemon = _output("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()
    _output("docker", "tag", local, remote)
    try:
        _shown(
            "docker",
            "--config",
            str(config),
            "push",
            remote,
            what=f"push {local}",
            environment={"DOCKER_HOST": daemon},
        )
    finally:
        # The name only; the image stays under its own.
        _quiet("docker", "rmi", remote)


def output_inside(tool: str, name: str, program: str, interpreter: str = "/usr/local/bin/python") -> str:
    """What a Python program prints that a Python of the image's own runs inside it, without a network. BuildError."""
    python = (interpreter, "-I", "-")
    if tool != "buildah":
        entry, *rest = python
        run = (tool, "run", "--rm", "--interactive", "--network", "none", "--entrypoint", entry, name, *rest)
        return _output(*run, given=program)
    container = _output("buildah", "from", "--pull-never", name).strip()
    try:
        return _output("buildah", "run", "--isolation", "chroot", container, "--", *python, given=program)
    finally:
        _output("buildah", "rm", container)


def layers(tool: str, name: str) -> tuple[Layer, ...]:
    """The layers of an image that is here, the lowest first; instructions that add no file are left out."""
    if tool == "buildah":
        return _layers_of_buildah(name)
    if tool == "podman":
        # Its templates know sizes for people only.
        steps = json.loads(_output("podman", "history", "--no-trunc", "--format", "json", name))
        return tuple(Layer(step["size"], step["CreatedBy"]) for step in reversed(steps) if step["size"])
    shown = _output(
        tool, "history", "--human=false", "--no-trunc", "--format", "{{.Size}}\t{{.CreatedBy}}", name
    )
    rows = [line.split("\t", 1) for line in reversed(shown.splitlines())]
    return tuple(Layer(int(size), made_by) for size, made_by in rows if int(size))


def _layers_of_buildah(name: str) -> tuple[Layer, ...]:
    found = json.loads(_output("buildah", "inspect", "--type", "image", name))
    sizes = [layer["size"] for layer in json.loads(found["Manifest"])["layers"]]
    made_by = [
        step.get("created_by", "") for step in found["OCIv1"]["history"] if not step.get("empty_layer")
    ]
    return tuple(Layer(*pair) for pair in zip(sizes, made_by, strict=True))


def _shown(*command: str, what: str, environment: Mapping[str, str] | None = None) -> None:
    if subprocess.run(command, check=False, env={**os.environ, **(environment or {})}).returncode:
        raise BuildError(f"{command[0]} could not {what}; its last lines say why")


def _quiet(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _output(*command: str, given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(done.stderr.strip())
    return done.stdout
