"""A BigQuery on this machine: local-bigquery, which answers the official client, on a free port.

It lives in an environment of its own (dependency group `bigquery-stand-in`), which nox makes with Python 3.13 for the
sessions that need it. BIGQUERY_STAND_IN names its program where it is somewhere else.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emulators.programs import Missing, require_client, running
from ib_trading.schema.tables import BAR_SIZES, TABLES, Column, Table

if TYPE_CHECKING:
    from google.cloud import bigquery

HOST = "BIGQUERY_EMULATOR_HOST"
"""Where the service looks for an emulator: host:port."""

PROJECT = "demo"
ENVIRONMENT = Path(__file__).resolve().parents[1] / ".nox" / "bigquery-stand-in"


def program() -> Path:
    """Missing where it is not installed."""
    require_client("google.cloud.bigquery", "BigQuery")
    named = os.environ.get("BIGQUERY_STAND_IN")
    path = Path(named) if named else ENVIRONMENT / "bin" / "local-bigquery"
    if not path.exists():
        raise Missing(
            "BigQuery's stand-in is not installed; install Python 3.13, with which `./nox -s emulators` installs it, or"
            " say in BIGQUERY_STAND_IN where it is"
        )
    return path


@contextmanager
def emulated_bigquery(folder: Path) -> Generator[str]:
    """host:port of a server that keeps its data in `folder`."""
    started = program()
    _place_extensions(started, folder)
    command = (
        *(str(started), "--host", "127.0.0.1", "--port", "0", "--grpc-port", "0"),
        *("--data-dir", str(folder / "data"), "--project", PROJECT, "serve"),
    )
    # DuckDB looks for its extensions below the home folder, and would fetch those that it does not find.
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    with running(command, until="Uvicorn running on", environment=environment, folder=folder) as ready:
        found = re.search(r"http://(\S+)", ready)
        assert found is not None
        yield found[1]


def make_tables(
    address: str, project: str, dataset: str, bar_sizes: Collection[str] = tuple(BAR_SIZES)
) -> None:
    """What the Pulumi program makes: the dataset with the tables of schema/tables.py, of these bar sizes alone where
    somebody needs no others, for each takes the stand-in a while."""
    left_out = {table for bar_size, table in BAR_SIZES.items() if bar_size not in bar_sizes}
    client = emulator_client(address, project)
    client.create_dataset(f"{project}.{dataset}", timeout=20)
    for table in TABLES:
        if table.name not in left_out:
            client.create_table(described(table, f"{project}.{dataset}"), timeout=20)
    client.close()


def emulator_client(address: str, project: str) -> bigquery.Client:
    # Imported here: only who has installed Google's clients gets here.
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    return bigquery.Client(
        project=project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"http://{address}"},
    )


def described(table: Table, dataset: str) -> bigquery.Table:
    from google.cloud import bigquery

    made = bigquery.Table(f"{dataset}.{table.name}", schema=[_field(column) for column in table.columns])
    made.clustering_fields = list(table.clustered_by)
    if table.partitioned_by is not None:
        column, unit = table.partitioned_by
        made.time_partitioning = bigquery.TimePartitioning(type_=unit, field=column)
    return made


def _field(column: Column) -> bigquery.SchemaField:
    from google.cloud import bigquery

    return bigquery.SchemaField(column.name, column.kind, mode="REQUIRED" if column.required else "NULLABLE")


def _place_extensions(program: Path, folder: Path) -> None:
    """From the wheels to where DuckDB looks: `<home>/.duckdb/extensions/<version>/<platform>`."""
    site = next((program.parents[1] / "lib").glob("python*/site-packages"))
    for extension in site.glob("duckdb_extension_*/extensions/*/*.duckdb_extension"):
        home = folder / ".duckdb" / "extensions" / extension.parent.name / _platform()
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(extension, home)


def _platform() -> str:
    """As DuckDB names it."""
    system = os.uname()
    kind = {"x86_64": "amd64", "aarch64": "arm64"}.get(system.machine, system.machine)
    return f"{'osx' if system.sysname == 'Darwin' else 'linux'}_{kind}"
