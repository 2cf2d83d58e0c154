"""The gateway's credentials from a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ib_trading.core.refusals import GatewayNotReady
from ib_trading.schema.credentials import GatewayCredentials, read_credentials


class SecretFile:
    """SecretSource from the file at `path`, which must have mode 0600 or stricter."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def credentials(self) -> GatewayCredentials:
        found = read_credentials(self._content())
        if isinstance(found, str):
            raise GatewayNotReady(f"{self._path} cannot be used: {found}; write it anew")
        return found

    def _content(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                # Asked of the open file: the one that is judged is the one that is read.
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise GatewayNotReady(
                        f"{self._path} can be read by other users of this machine; `chmod 600` it, and change the"
                        " password if others use this machine"
                    )
                return file.read()
        except FileNotFoundError as error:
            raise GatewayNotReady(
                f'{self._path} is not there; write {{"userName": "…", "password": "…"}} into it, with mode 0600'
            ) from error
        except OSError as error:
            raise GatewayNotReady(
                f"{self._path}: {error.strerror}; let this user own it, with mode 0600"
            ) from error
