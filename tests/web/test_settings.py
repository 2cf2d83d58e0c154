"""A setting that is wrong is one sentence and exit code 2, before any worker starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ib_trading.core.mode import TradingMode
from ib_trading.settings import GatewayAddress, SettingsError, read_settings
from tests.served import under_gunicorn

ROOT = Path(__file__).parents[2]
GOOGLE = {"PROJECT_ID": "p", "FIRESTORE_DATABASE": "paper", "BIGQUERY_DATASET": "historical_data"}


def test_the_defaults_are_paper_and_local() -> None:
    settings = read_settings({})
    assert settings.mode is TradingMode.PAPER
    assert (settings.backend, settings.clock, settings.port) == ("local", "system", 8080)
    assert settings.gateway == GatewayAddress("127.0.0.1", 4002)
    assert settings.trading_config == Path("Pulumi.paper.yaml")


def test_the_service_is_called_as_cloud_run_says_and_elsewhere_after_its_mode() -> None:
    """The scheduler's jobs carry the name: a stack that is not called paper or live has jobs of its own."""
    google = {"K_SERVICE": "ib-second", "PROJECT_ID": "p", "FIRESTORE_DATABASE": "d", "BIGQUERY_DATASET": "h"}
    assert read_settings(google | {"SECRET_NAME": "s"}).service == "ib-second"
    assert read_settings({"TRADING_MODE": "live"}).service == "ib-live"


def test_on_cloud_run_the_backend_is_google_and_the_gateway_its_own() -> None:
    settings = read_settings({"K_SERVICE": "ib-paper"} | GOOGLE)
    assert (settings.backend, settings.gateway, settings.on_cloud_run) == ("google", None, True)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"TRADING_MODE": "Paper"}, "TRADING_MODE='Paper' is not one of paper, live; did you mean 'paper'?"),
        ({"BACKEND": "aws"}, "BACKEND='aws' is not one of"),
        ({"CLOCK": "sundial"}, "CLOCK='sundial'"),
        ({"CLOCK": "broker", "TRADING_MODE": "live"}, "refused in live mode"),
        ({"PORT": "http"}, "PORT: 'http' is not a port"),
        ({"PORT": "65536"}, "PORT: '65536' is not a port"),
        ({"IB_GATEWAY": "4002"}, "IB_GATEWAY='4002' is neither"),
        ({"IB_GATEWAY": "host:"}, "IB_GATEWAY: '' is not a port"),
        ({"BACKEND": "google"}, "PROJECT_ID is not set"),
        ({"BACKEND": "google", "PROJECT_ID": "p", "FIRESTORE_DATABASE": "d"}, "BIGQUERY_DATASET is not set"),
        (
            GOOGLE | {"BACKEND": "google", "TRADING_ACCOUNT": "DU1234567"},
            "TRADING_ACCOUNT is not read with BACKEND=google, where Pulumi writes the account",
        ),
        ({"BIGQUERY_EMULATOR_HOST": "9250"}, "is not host:port"),
        (
            {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "TRADING_MODE": "live"},
            "FIRESTORE_EMULATOR_HOST points at an emulator and is refused in live mode",
        ),
        ({"BIGQUERY_EMULATOR_HOST": "127.0.0.1:x"}, "BIGQUERY_EMULATOR_HOST: 'x' is not a port"),
        (
            {"SECRET_MANAGER_EMULATOR_HOST": "127.0.0.1:1", "TRADING_MODE": "live"},
            "SECRET_MANAGER_EMULATOR_HOST points at an emulator and is refused in live mode",
        ),
    ],
)
def test_a_wrong_setting_names_the_variable_and_the_remedy(
    environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings(environment)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"TRADING_MODE": "demo"}, "TRADING_MODE='demo'"),
        ({"BACKEND": "google", "PROJECT_ID": "p"}, "FIRESTORE_DATABASE is not set"),
        pytest.param(
            {"IB_GATEWAY": "ibc"},
            "IB_GATEWAY=ibc needs IBC, and /opt/ibc/scripts/ibcstart.sh is not there",
            marks=pytest.mark.skipif(Path("/opt/ibc").exists(), reason="IBC is there: this is the image"),
        ),
    ],
)
def test_gunicorn_ends_with_one_sentence_and_code_2(environment: dict[str, str], sentence: str) -> None:
    """An exit inside a worker would make gunicorn respawn for ever; this one comes before there is any."""
    ended = subprocess.run(
        under_gunicorn(),
        cwd=ROOT,
        env={**os.environ, "PORT": "0", **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"ib-trading: {sentence}")
    assert ended.stderr.count("\n") == 1
