"""What the file of credentials asks of the machine that it is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ib_trading.adapters.local.secret_file import SecretFile
from ib_trading.core.refusals import GatewayNotReady
from ib_trading.schema.credentials import GatewayCredentials


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "credentials.json"
    path.write_bytes(GatewayCredentials("trader7", "secret").spelled())
    path.chmod(mode)
    with pytest.raises(GatewayNotReady, match="chmod 600"):
        SecretFile(path).credentials()
    path.chmod(0o400)
    assert SecretFile(path).credentials().user_name == "trader7"


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(GatewayNotReady, match=str(tmp_path)):
        SecretFile(tmp_path).credentials()
