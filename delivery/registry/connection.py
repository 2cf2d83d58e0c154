"""One registry, asked over HTTP: where it is, how it learns who asks, and what its refusals mean.

Artifact Registry answers 401 with `Bearer realm="https://REGION-docker.pkg.dev/v2/token",service=…,scope=…` (quoted in
github.com/docker/setup-buildx-action/issues/79). The realm takes the user `oauth2accesstoken` with an access token for
password (docs.cloud.google.com/artifact-registry/docs/docker/authentication) and gives a token for that scope, as in
distribution.github.io/distribution/spec/auth/token. Neither of the two is ever sent to another host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import parse_dict_header
from urllib3.util import Retry

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import LOGIN
from delivery.registry.image_name import ImageName

USER = "oauth2accesstoken"
SECONDS = (10.0, 120.0)
"""To connect, and for each sign of life after that."""

REMEDIES: Mapping[int, str] = {
    401: f"it does not know who you are: {LOGIN}",
    403: "reading needs roles/artifactregistry.reader on the repository, writing roles/artifactregistry.writer;"
    " docs/deploying.md has who needs which",
    404: "is the stack deployed? pulumi up makes its repository, ./nox -s push its first image",
    429: "a quota is used up; wait a minute, then run this again",
}


class RegistryError(Refusal):
    """The registry is not there, refused, or holds something else than it says; the text has its words and the
    remedy."""


@dataclass
class RegistryConnection:
    """To the registry `host`, as REGION-docker.pkg.dev, or the one that `clients.endpoints` has in its place."""

    clients: GoogleClients
    host: str
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    """By image: the last that was given for it."""

    def ask(
        self,
        method: str,
        name: ImageName,
        what: str,
        *,
        missing: bool = False,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """`what` is below the image's own address, as `manifests/pushed`, or a whole address that the registry gave.
        404 is an answer where it may be `missing`; every other refusal is a RegistryError."""
        address = urljoin(f"{self._base}/v2/{name.path}/", what)

        def send() -> requests.Response:
            return self._send(
                method,
                address,
                self._bearer(name),
                headers=headers,
                data=body,
                stream=stream,
                timeout=SECONDS,
            )

        response = send()
        if response.status_code == 401 and (body is None or isinstance(body, bytes)):
            self._tokens[name.path] = self._token(response.headers.get("WWW-Authenticate", ""))
            response = send()
        if response.ok or (missing and response.status_code == 404):
            return response
        raise self._refused(response, str(name))

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        # Only what changes nothing is asked again by itself.
        again = Retry(
            3, backoff_factor=0.3, status_forcelist=(502, 503, 504), allowed_methods={"GET", "HEAD"}
        )
        again.raise_on_status = False
        session.mount(self._base, HTTPAdapter(max_retries=again))
        # A sum is one of the bytes as they are kept.
        session.headers["Accept-Encoding"] = "identity"
        return session

    @property
    def _base(self) -> str:
        here = self.clients.endpoints.registry
        return f"http://{here}" if here else f"https://{self.host}"

    def _bearer(self, name: ImageName) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
        """An `auth` even where there is no token yet: requests would look for one in ~/.netrc."""
        token = self._tokens.get(name.path)

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            if token and self._is_here(request.url or ""):
                request.headers["Authorization"] = f"Bearer {token}"
            return request

        return sign

    def _token(self, challenge: str) -> str:
        kind, _, rest = challenge.partition(" ")
        asked = parse_dict_header(rest)
        realm = asked.pop("realm", None) or ""
        if kind.lower() != "bearer" or not self._is_here(realm):
            raise RegistryError(
                f"{self.host} asks for {challenge or 'an identity'!r}, which is not how Artifact Registry asks;"
                " it gets no token; is something between here and Google?"
            )
        # A scope may name several images, which the specification separates by spaces.
        parameters = [(key, part) for key, value in asked.items() if value for part in value.split(" ")]
        response = self._send(
            "GET", realm, (USER, self.clients.access_token()), params=parameters, timeout=SECONDS
        )
        if not response.ok:
            raise self._refused(response, self.host)
        given = response.json()
        return given.get("token") or given["access_token"]

    def _is_here(self, address: str) -> bool:
        there, here = urlsplit(address), urlsplit(self._base)
        return (there.scheme, there.hostname) == (here.scheme, here.hostname)

    def _send(self, method: str, address: str, auth: object, **more: object) -> requests.Response:
        try:
            return self._session.request(method, address, auth=auth, **more)  # ty: ignore[invalid-argument-type]
        except requests.RequestException as error:
            raise RegistryError(
                f"{self.host} does not answer ({type(error).__name__}); is the network there? run this again,"
                " what it has is not sent twice"
            ) from None

    def _refused(self, response: requests.Response, about: str) -> RegistryError:
        remedy = REMEDIES.get(response.status_code, "run this again, what it has is not sent twice")
        return RegistryError(f"{about}: {_words(response)}; {remedy}")


def _words(response: requests.Response) -> str:
    """What a registry says of an error: opencontainers/distribution-spec, "Error Codes"."""
    try:
        said = response.json()["errors"][0]
        text = said.get("message") or said["code"]
    except (ValueError, LookupError, TypeError, AttributeError):
        text = response.reason or "no reason"
    return f"{str(text).rstrip('.')} ({response.status_code})"
