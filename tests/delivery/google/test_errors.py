"""What goes wrong between a session and Google ends in a sentence with a remedy, whatever its libraries call it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import google.auth.credentials
import grpc
import pytest
from google.api_core.exceptions import RetryError, ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from google.auth.transport.grpc import AuthMetadataPlugin
from google.auth.transport.requests import Request
from google.cloud import artifactregistry_v1

from delivery.commands.session import ended
from delivery.google.errors import logged_out

EXPIRED = "Reauthentication is needed. Please run `gcloud auth application-default login` to reauthenticate."
LOGIN = "gcloud auth application-default login"


class Expired(google.auth.credentials.Credentials):
    def refresh(self, request: Request) -> None:
        raise RefreshError(EXPIRED)


def told(error: Exception, capsys: pytest.CaptureFixture[str]) -> str:
    def fails() -> int:
        raise error

    assert ended("deploy", fails, "again") == 1
    return capsys.readouterr().err


def test_google_that_stays_away_is_told_with_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    """The library gives up with an error that is none of Google's answers."""
    error = RetryError("Timeout of 10.0s exceeded", ServiceUnavailable("The service is unavailable."))
    assert told(error, capsys) == (
        "deploy: Google refused for as long as was waited: The service is unavailable;"
        " Google did not answer as it should; run this again\n"
    )


@pytest.mark.parametrize(
    "error",
    [
        RefreshError("invalid_grant: Token has been expired or revoked."),
        DefaultCredentialsError("Your default credentials were not found."),
        ServiceUnavailable(f"Getting metadata from plugin failed with error: {EXPIRED}"),
        RetryError("Timeout of 10.0s exceeded", ServiceUnavailable(EXPIRED)),
    ],
    ids=["revoked", "none", "through gRPC", "for ten seconds"],
)
def test_a_login_that_has_run_out_names_the_command_that_renews_it(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever it shows."""
    assert told(error, capsys).endswith(f"{LOGIN}\n")


def test_no_network_is_no_missing_login(capsys: pytest.CaptureFixture[str]) -> None:
    """A new login would not help."""
    said = told(TransportError("Failed to resolve oauth2.googleapis.com"), capsys)
    assert "is the network there?" in said and LOGIN not in said


def test_grpc_calls_a_login_that_has_run_out_an_outage() -> None:
    """As Google's own client says it, over a real channel: nothing waits for that to pass."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("127.0.0.1:0", grpc.local_server_credentials())
    server.start()
    call = grpc.metadata_call_credentials(AuthMetadataPlugin(Expired(), Request()))
    both = grpc.composite_channel_credentials(grpc.local_channel_credentials(), call)
    try:
        with grpc.secure_channel(f"127.0.0.1:{port}", both) as channel:
            kind = artifactregistry_v1.ArtifactRegistryClient
            client = kind(transport=kind.get_transport_class("grpc")(channel=channel))
            with pytest.raises(ServiceUnavailable) as refused:
                client.get_repository(name="projects/p/locations/l/repositories/r")
    finally:
        server.stop(grace=None).wait()
    assert logged_out(refused.value)
