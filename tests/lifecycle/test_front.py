"""The front of the whole-life test: what the stack deployed really runs behind the service's address."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from delivery.images import APPLICATION
from tests.engine.stacks import in_own_project
from tests.lifecycle.stage import Stage

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]


def test_first(stage: Stage) -> None:
    checkout = stage.checkout
    checkout.done("stack", "init", "paper")
    checkout.configure("paper", in_own_project("paper"))
    checkout.bootstrapped("ib-paper-project")
    stage.up("paper")
    built = stage.session("images", "--tool", "buildah")
    assert built.code == 0
    repository = checkout.outputs("paper")["repository"]
    name = f"{repository.replace('europe-west6-docker.pkg.dev', stage.registry)}/ib-trading"
    file = stage.checkout.folder / "digest"
    stage.workshop.buildah(
        "push", "--tls-verify=false", "--digestfile", str(file), APPLICATION, f"docker://{name}:pushed"
    )
    checkout.configure("paper", {"ib-trading:image": f"{repository}/ib-trading@{file.read_text()}"})
    stage.up("paper")
    call = stage.call("paper")
    import time

    for path in ("/health", "/ready", "/summary", "/summary"):
        t = time.time()
        answer = call.ask(path)
        print(path, answer.status, answer.text[:1500], time.time() - t)
        if path == "/ready":
            from datetime import UTC, datetime

            from google.cloud.secretmanager_v1 import SecretVersion

            from schema.credentials import GatewayCredentials
            from tests.control_plane.secret_manager import Version
