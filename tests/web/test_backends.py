"""Each backend loads its own libraries and opens nothing before the first request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ib_trading.adapters.local.secret_file import SecretFile
from ib_trading.composition import build_secret_source
from ib_trading.settings import SettingsError, read_settings

ROOT = Path(__file__).parents[2]
GOOGLE = {
    "BACKEND": "google",
    "PROJECT_ID": "demo",
    "FIRESTORE_DATABASE": "paper",
    "BIGQUERY_DATASET": "historical_data",
    "IB_GATEWAY": "127.0.0.1:4002",
}
LOADED = "import ib_trading.main, json, sys; print(json.dumps(sorted(sys.modules)))"


def loaded(environment: dict[str, str]) -> set[str]:
    """The modules of a process that has imported ib_trading.main."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return set(json.loads(ended.stdout))


def test_the_local_backend_loads_nothing_of_googles() -> None:
    """Google's clients take seconds to import, and are not installed where nobody asked for them."""
    modules = loaded({"BACKEND": "local"})
    assert "ib_trading.main" in modules
    assert {name for name in modules if name.split(".")[0] in {"google", "grpc", "proto"}} == set()


@pytest.mark.emulator
def test_the_google_backend_is_built_without_an_identity_and_without_a_network() -> None:
    """The service is up, and can say what is wrong, before anything of Google's answers."""
    modules = loaded(GOOGLE | {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere", "NO_GCE_CHECK": "true"})
    assert {"google.cloud.bigquery", "google.cloud.firestore"} <= modules
    assert "duckdb" not in modules
    assert "ib_trading.adapters.local.sqlite_database" not in modules


def test_the_local_backend_keeps_the_gateways_credentials_in_its_folder(tmp_path: Path) -> None:
    assert isinstance(build_secret_source(read_settings({"LOCAL_DATA_DIR": str(tmp_path)})), SecretFile)


def test_the_google_backend_needs_the_name_of_the_secret() -> None:
    with pytest.raises(SettingsError, match="SECRET_NAME is not set"):
        build_secret_source(read_settings(GOOGLE))
