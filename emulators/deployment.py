"""All of Google's services together, holding what a deployment leaves behind: the tables, the trading configuration
and the gateway's credentials; and what the environment of a service must say to find them.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from emulators import bigquery, firestore
from emulators.bigquery import PROJECT
from emulators.programs import Missing, require_client
from ib_trading.schema.credentials import GatewayCredentials
from ib_trading.schema.documents import TRADING_FIELD, configuration_path
from ib_trading.schema.tables import DATASET
from ib_trading.schema.trading_config import SECTION, TradingConfigError, read_trading_config

DATABASE = "paper"
"""A Firestore database is named for the mode, and emulators are refused in live mode."""

SECRET = "ib-credentials"  # noqa: S105  a name


@dataclass(frozen=True, slots=True)
class Emulated:
    """`environment` is what a process needs that shall find them, `absent` why one is not there."""

    environment: dict[str, str] = field(default_factory=dict)
    absent: list[Missing] = field(default_factory=list)


@contextmanager
def emulated_services() -> Generator[Emulated]:
    """Those that are installed."""
    emulated = Emulated()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ib-trading-emulators-")))
        (folder / "bigquery").mkdir()
        for variable, start in (
            (firestore.HOST, lambda: firestore.emulated_firestore(folder)),
            (bigquery.HOST, lambda: bigquery.emulated_bigquery(folder / "bigquery")),
            ("SECRET_MANAGER_EMULATOR_HOST", _secrets),
        ):
            try:
                emulated.environment[variable] = stack.enter_context(start())
            except Missing as missing:
                emulated.absent.append(missing)
        yield emulated


@contextmanager
def _secrets() -> Generator[str]:
    """host:port of a Secret Manager with credentials that open nothing."""
    require_client("google.cloud.secretmanager_v1", "Secret Manager")
    from emulators.secret_manager import Version, emulated_secret_manager

    with emulated_secret_manager() as secrets:
        credentials = GatewayCredentials("emulated", "emulated").spelled()
        secrets.versions[f"projects/{PROJECT}/secrets/{SECRET}"] = [Version(credentials)]
        yield secrets.address


def deploy(emulated: Emulated, stack_file: Path) -> None:
    """What `pulumi up` does with `stack_file`, as far as the stores are concerned; completes the environment.

    TradingConfigError for a configuration that a deployment would refuse.
    """
    section = read_section(stack_file)
    read_trading_config(section, stack_file.name)
    bigquery.make_tables(emulated.environment[bigquery.HOST], PROJECT, DATASET)
    _write_configuration(section, emulated.environment[firestore.HOST])
    emulated.environment.update(
        BACKEND="google",
        PROJECT_ID=PROJECT,
        FIRESTORE_DATABASE=DATABASE,
        BIGQUERY_DATASET=DATASET,
        SECRET_NAME=SECRET,
    )


def read_section(stack_file: Path) -> object:
    from ib_trading.schema.stack_yaml import StackYamlError, read_config

    try:
        return (read_config(stack_file.read_bytes()) or {})[SECTION]
    except (OSError, StackYamlError, KeyError) as error:
        raise TradingConfigError(f"{stack_file}: holds no {SECTION} ({error})") from error


def _write_configuration(section: object, address: str) -> None:
    from google.cloud import firestore as official

    # The client looks for the emulator there, and nowhere else.
    os.environ[firestore.HOST] = address
    client = official.Client(project=PROJECT, database=DATABASE)
    client.document(configuration_path(DATABASE)).set({TRADING_FIELD: section}, timeout=20)
    client.close()


def spelled_for_a_shell(environment: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={value}" for name, value in environment.items())
