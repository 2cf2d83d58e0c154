"""What the images are made of: complete, with a checksum for whatever is installed, or not built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery.commands.images import main
from delivery.image.pins import PINS, PinsError, read_pins

ROOT = Path(__file__).parents[3]
SUM = "0123456789abcdef" * 4


def committed() -> str:
    return (ROOT / PINS).read_text()


def written(folder: Path, text: str) -> Path:
    file = folder / "pins.toml"
    file.write_text(text)
    return file


def test_without_the_gateways_checksum_nothing_is_built_and_the_way_to_get_one_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The committed pins have none, because the broker publishes none; the sentence has the commands to run."""
    assert main(["--pins", str(written(tmp_path, committed()))]) == 1
    told = capsys.readouterr().err
    assert "gateway.sha256 is empty" in told
    assert "curl -fLo installer.sh https://download2.interactivebrokers.com/" in told
    assert "sha256sum installer.sh" in told


def test_with_the_gateways_checksum_the_committed_pins_are_complete(tmp_path: Path) -> None:
    """That one line is all that a person has to add."""
    pins = read_pins(written(tmp_path, committed().replace('sha256 = ""', f'sha256 = "{SUM}"')))
    assert pins.arguments()["GATEWAY_SHA256"] == SUM
    assert "@sha256:" in pins.python_image


@pytest.mark.parametrize("wrong", ["abc", SUM.upper(), SUM + "0", f" {SUM}"])
def test_what_is_no_checksum_is_refused_before_anything_is_downloaded(tmp_path: Path, wrong: str) -> None:
    """64 hexadecimal digits as sha256sum prints them, or a sentence."""
    file = written(tmp_path, committed().replace('sha256 = ""', f'sha256 = "{wrong}"'))
    with pytest.raises(PinsError, match=r"gateway\.sha256 is not the 64 hexadecimal digits"):
        read_pins(file)


@pytest.mark.parametrize("text", ["", "[python", '[python]\nimage = "x"\n[gateway]\n', "python = 1"])
def test_a_pins_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    """A misspelt key is told, and not taken for a missing pin."""
    with pytest.raises(PinsError):
        read_pins(written(tmp_path, text))
