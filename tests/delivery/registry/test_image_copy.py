"""An image in another repository is the same image: copied whole, believed only with the right sum, and as often as one
likes."""

from __future__ import annotations

from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from delivery.google.clients import STAND_IN_TOKEN, GoogleClients
from delivery.google.endpoints import Endpoints
from delivery.registry.image_name import ImageName
from delivery.registry.image_registry import ImageRegistry, RegistryError
from tests.delivery.oci_registry import OciRegistry, oci_registry

PAPER = ImageName("europe-west6", "trading-paper", "ib-trading")
LIVE = ImageName("europe-west6", "trading-live", "ib-trading")
FAR = ImageName("us-east1", "trading-live", "ib-trading")
"""In another region nothing can be mounted."""
LAYERS = (b"the first" * 1000, b"the second" * 300_000)


@pytest.fixture
def registry(tmp_path: Path) -> Generator[OciRegistry]:
    with oci_registry(tmp_path / "registry") as registry:
        yield registry


@pytest.fixture
def images(registry: OciRegistry) -> ImageRegistry:
    return ImageRegistry(GoogleClients("trading-live", Endpoints(registry=registry.address)))


def test_a_copy_has_the_same_digest_and_the_same_bytes(registry: OciRegistry, images: ImageRegistry) -> None:
    """Byte for byte, with its media type, under its tag, each layer in place."""
    digest = registry.put_image(PAPER.path, "pushed", LAYERS)
    images.copy(PAPER, digest, FAR, "promoted")
    assert images.digest(FAR, "promoted") == digest
    assert registry.manifest(FAR.path, digest) == registry.manifest(PAPER.path, "pushed")
    for blob in images.manifest(FAR, digest).blobs:
        assert images.has(FAR, blob)


def test_between_repositories_of_one_region_nothing_is_sent(
    registry: OciRegistry, images: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    """The registry has the layers already, and is told to use them."""
    digest = registry.put_image(PAPER.path, layers=LAYERS)
    images.copy(PAPER, digest, LIVE)
    assert images.manifest(LIVE, digest).digest == digest
    assert "copying" not in capsys.readouterr().out


def test_between_regions_every_layer_is_sent_once(
    registry: OciRegistry, images: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line each; the second time there is nothing left to send."""
    digest = registry.put_image(PAPER.path, layers=LAYERS)
    images.copy(PAPER, digest, FAR)
    assert capsys.readouterr().out.count("copying") == 3
    images.copy(PAPER, digest, FAR)
    assert not capsys.readouterr().out


def test_an_index_comes_with_its_attestations(registry: OciRegistry, images: ImageRegistry) -> None:
    """As docker builds one: the image, and what was attested of it as a manifest that no machine runs."""
    image = registry.put_image(PAPER.path, layers=LAYERS)
    attestation = registry.put_image(
        PAPER.path, layers=(b'{"predicateType": "https://slsa.dev/provenance/v0.2"}',), os="unknown"
    )
    index = registry.put_index(PAPER.path, (image, attestation), "pushed")
    images.copy(PAPER, index, FAR, "promoted")
    assert images.manifest(FAR, "promoted").children == (image, attestation)
    for digest in (index, image, attestation):
        assert registry.manifest(FAR.path, digest) == registry.manifest(PAPER.path, digest)


def test_an_interrupted_copy_is_repeated_and_sends_only_the_rest(
    registry: OciRegistry, images: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stops at a layer that cannot be read; nothing points at half an image, and the first layers stay."""
    digest = registry.put_image(PAPER.path, layers=LAYERS)
    last = registry.blob(images.manifest(PAPER, digest).blobs[-1].digest)
    content = last.read_bytes()
    last.unlink()
    with pytest.raises(RegistryError, match="trading-paper"):
        images.copy(PAPER, digest, FAR, "promoted")
    assert images.digest(FAR, "promoted") == ""
    last.write_bytes(content)
    capsys.readouterr()
    images.copy(PAPER, digest, FAR, "promoted")
    assert images.digest(FAR, "promoted") == digest
    assert capsys.readouterr().out.count("copying") == 1


def test_a_layer_that_is_not_what_its_digest_says_is_refused(
    registry: OciRegistry, images: ImageRegistry
) -> None:
    """The size is right and the bytes are not: the copy ends before any manifest names them."""
    digest = registry.put_image(PAPER.path, layers=LAYERS)
    blob = images.manifest(PAPER, digest).blobs[-1]
    registry.blob(blob.digest).write_bytes(b"x" * blob.size)
    with pytest.raises(RegistryError, match="is not what its digest says"):
        images.copy(PAPER, digest, FAR, "promoted")
    assert images.digest(FAR, "promoted") == ""


def test_a_manifest_that_is_not_what_its_digest_says_is_refused(
    registry: OciRegistry, images: ImageRegistry
) -> None:
    """Somebody changed a space in it."""
    digest = registry.put_image(PAPER.path, layers=LAYERS)
    file = registry.blob(digest)
    file.write_bytes(file.read_bytes().replace(b"  ", b" \t", 1))
    with pytest.raises(RegistryError, match="is not what its digest says"):
        images.copy(PAPER, digest, FAR)


def test_an_image_that_is_not_there_names_the_session_that_brings_one(
    registry: OciRegistry, images: ImageRegistry
) -> None:
    """A tag that is not there is an answer; an image that is meant to be copied is not."""
    assert images.digest(PAPER, "pushed") == ""
    with pytest.raises(RegistryError, match=r"\./nox -s push"):
        images.copy(PAPER, "sha256:" + "0" * 64, LIVE)


def test_whoever_may_not_write_is_told_the_role(registry: OciRegistry, images: ImageRegistry) -> None:
    """The registry's own words, and the role."""
    digest = registry.put_image(PAPER.path)
    registry.closed.add("trading-live/ib-trading")
    with pytest.raises(RegistryError) as caught:
        images.copy(PAPER, digest, LIVE)
    assert "uploadArtifacts" in str(caught.value)
    assert "roles/artifactregistry.writer" in str(caught.value)


def test_a_registry_that_does_not_answer_says_so(images: ImageRegistry) -> None:
    """Nothing listens there any more."""
    nowhere = ImageRegistry(GoogleClients("trading-live", Endpoints(registry="127.0.0.1:1")))
    with pytest.raises(RegistryError, match="does not answer"):
        nowhere.digest(PAPER, "pushed")


def test_the_access_token_is_in_no_log_and_no_refusal(
    registry: OciRegistry, images: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in what is printed, nor in a refusal, nor where the registry writes down what it was asked."""
    digest = registry.put_image(PAPER.path, layers=LAYERS)
    images.copy(PAPER, digest, FAR)
    registry.closed.add("trading-live/ib-trading")
    with pytest.raises(RegistryError) as caught:
        images.copy(PAPER, registry.put_image(PAPER.path, layers=(b"another",)), LIVE)
    seen = capsys.readouterr()
    log = registry.log.read_text(encoding="utf-8")
    assert "trading-paper" in log
    assert STAND_IN_TOKEN not in f"{seen}{caught.value!r}{images!r}{log}"


def test_no_other_host_gets_the_token_whatever_a_challenge_says() -> None:
    """Something between here and Google sends the question for an identity elsewhere: nothing goes there."""
    asked: list[tuple[str, str | None]] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(401)
            self.send_header(
                "WWW-Authenticate", f'Bearer realm="http://localhost:{server.server_port}/token"'
            )
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        here = Endpoints(registry=f"127.0.0.1:{server.server_port}")
        with pytest.raises(RegistryError, match="it gets no token"):
            ImageRegistry(GoogleClients("trading-paper", here)).digest(PAPER, "pushed")
        server.shutdown()
        thread.join()
    assert asked == [(f"/v2/{PAPER.path}/manifests/pushed", None)]
