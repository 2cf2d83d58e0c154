"""How a built image is told to a person, and what is said where none can be built."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery.commands.images import described, offered
from delivery.image.builder import TOOLS, BuildError, Layer, find_tool


def test_an_image_is_told_layer_by_layer() -> None:
    """Its size, then each layer's with the instruction that made it, as the Dockerfile has it."""
    layers = [
        Layer(125_000_000, "ADD rootfs.tar.xz / # buildkit"),
        Layer(35_852_800, "|1 VERSION=10 /bin/sh -c apt-get update  && apt-get install"),
        Layer(2_104_320, "/bin/sh -c #(nop) COPY dir:f81f in /app "),
    ]
    assert described("localhost/ib-trading", layers).splitlines() == [
        "localhost/ib-trading: 163.0 MB in 3 layers",
        "    125.0 MB  ADD rootfs.tar.xz / # buildkit",
        "     35.9 MB  apt-get update && apt-get install",
        "      2.1 MB  COPY dir:f81f in /app",
    ]


def test_who_can_trade_in_an_image_is_told_and_what_cannot_be_imported_there() -> None:
    half = "half = half:Half could not be imported: it raised OSError"
    told = f'{{"offers": ["spy_macd", "trend"], "failures": ["{half}"]}}'
    assert offered(told).splitlines() == [
        "strategies in localhost/ib-trading: spy_macd, trend",
        half,
    ]
    assert offered('{"offers": [], "failures": []}') == "strategies in localhost/ib-trading: none"


def test_where_no_tool_works_the_sentence_names_them_and_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """None is on the PATH; the remedy is for the system that most people have."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match=r"docker, podman, buildah .*: apt-get install buildah"):
        find_tool()


def test_a_client_whose_server_does_not_answer_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """docker's client is on many machines that run no docker."""
    for tool, code in zip(TOOLS, (1, 1, 0), strict=True):
        (tmp_path / tool).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_tool() == "buildah"
