"""An instance of a revision: the image that the registry has under its digest, pulled and run in a container.

What is not Google's here is said in one place, `_environment`: the stores are the embedded ones, in a folder kept for
each service where Firestore and BigQuery would be; the gateway's credentials lie in that folder, written from what
Secret Manager's stand-in has; and a paper service takes its time from the simulated broker. All else, the image, its
entry point, its user, the read-only files, the environment, is what the stack deployed.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from delivery.google.clients import STAND_IN_TOKEN
from delivery.registry.connection import USER as USER_OF_REGISTRY
from ib_trading.schema.trading_config import SECTION
from tests.images.container import Container, running
from tests.images.image_store import ImageStore
from tests.images.service_in_container import USER, embedded_packages, gateway_notes
from tests.images.workshop import REPOSITORY
from tests.lifecycle.serving import Serving

Secret = Callable[[str], bytes | None]
"""The payload of a secret's newest version by the secret's full name; None where there is none that may be read."""


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that instances run on: `images` are those that were pulled to it; `registry` is host:port of the
    one on loopback that has what Artifact Registry would; `folder` has a folder a service."""

    images: ImageStore
    registry: str
    folder: Path
    secret: Secret

    @contextmanager
    def running(self, serving: Serving) -> Generator[Container]:
        """An instance that answers. ContainerEnded where it does not come up."""
        image = self._pulled(serving.image)
        stores = self._stores(serving)
        mode = serving.environment["TRADING_MODE"]
        folder = self.folder / serving.name / serving.revision.rpartition("/")[2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"Pulumi.{mode}.yaml").write_text(
            json.dumps({"config": {SECTION: serving.trading}}), encoding="utf-8"
        )
        with running(
            self.images,
            image,
            folder,
            environment=_environment(serving),
            mounted=[
                (self._packages(), "/srv/packages"),
                (folder, "/srv/config"),
                (REPOSITORY / "simulator", "/srv/tests/simulator"),
            ],
            kept=[(stores, "/srv/stores")],
        ) as container:
            container.wait_until_up()
            yield container

    def notes(self, service: str) -> list[str]:
        """What the services' stand-ins for the gateway did, in order: started, logged in, logged out."""
        return [event for event, _ in gateway_notes(self.folder / service)]

    def _pulled(self, image: str) -> str:
        """What the image is called here, once it is."""
        _, _, path = image.partition("/")
        name = f"{self.registry}/{path}"
        login = base64.b64encode(f"{USER_OF_REGISTRY}:{STAND_IN_TOKEN}".encode()).decode()
        logins = self.folder / "auth.json"
        logins.parent.mkdir(exist_ok=True)
        logins.write_text(json.dumps({"auths": {self.registry: {"auth": login}}}), encoding="utf-8")
        self.images.buildah(
            "pull", "--quiet", "--tls-verify=false", "--authfile", str(logins), f"docker://{name}"
        )
        return name

    def _stores(self, serving: Serving) -> Path:
        stores = self.folder / serving.name / "stores"
        stores.mkdir(parents=True, exist_ok=True)
        given = serving.environment
        credentials = stores / f"{given['TRADING_MODE']}.credentials.json"
        credentials.unlink(missing_ok=True)
        payload = self.secret(f"projects/{given['PROJECT_ID']}/secrets/{given['SECRET_NAME']}")
        if payload is not None:
            credentials.touch(0o600)
            credentials.write_bytes(payload)
        for path in (stores, *stores.iterdir()):
            shutil.chown(path, USER, USER)
        return stores

    def _packages(self) -> Path:
        packages = self.folder / "packages"
        return packages if packages.exists() else embedded_packages(packages)


def _environment(serving: Serving) -> Mapping[str, str]:
    mode = serving.environment["TRADING_MODE"]
    cloud_run = {
        "K_SERVICE": serving.name,
        "K_REVISION": serving.revision.rpartition("/")[2],
        "PORT": "8080",
    }
    here = {
        "BACKEND": "local",
        "IB_GATEWAY": "ibc",
        "LOCAL_DATA_DIR": "/srv/stores",
        "PYTHONPATH": "/srv/packages",
        "TRADING_CONFIG": f"/srv/config/Pulumi.{mode}.yaml",
    }
    # The simulated broker lives in 2019; a live service takes nobody's time but the machine's.
    simulated = {"CLOCK": "broker"} if mode == "paper" else {}
    return {**serving.environment, **cloud_run, **here, **simulated}
