"""The sessions: everything that is run on this project, by a person or by the pipeline, has a name here.

Decides which environment each session gets (always from uv.lock, always the project in editable form) and which
program it runs there. Imports nothing of the project: what the programs do is theirs. Start it with `./nox`.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nox

nox.needs_version = ">=2026.10.20"
nox.options.sessions = ["tests", "lint", "types"]
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
# A missing Python is named, never fetched; on the build machine it fails the run, and so does the first failure.
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = "CI" in os.environ
nox.options.stop_on_first_error = "CI" in os.environ
nox.options.report = os.environ.get("NOX_REPORT")

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))

# Other people's client libraries that the simulator must serve unmodified: each has a dependency group
# `client-NAME` in pyproject.toml and its tests in tests/clients/NAME.
CLIENTS = ("ibapi", "ibapi-stable", "ibapi-latest", "ib-async")

# Asks for the tests in the image that `images` built.
IN_IMAGE = "--in-image"

# Where emulators/bigquery.py looks for it.
BIGQUERY_STAND_IN = Path(__file__).parent / ".nox" / "bigquery-stand-in"

# What strategies import, for sessions that have them asked and deploy.
STRATEGIES = Path(__file__).parent / ".nox" / "strategies"

# What the service imports in the image, for the bench of its start.
SERVICE = Path(__file__).parent / ".nox" / "service"

# Percent of lines and branches that the tests execute, on one Python: the oldest. Raise a floor when it has
# risen: docs/decisions/0069-a-floor-under-the-branches.md.
MEASURED_PYTHON = "3.11"
BRANCH_FLOORS = {"app/ib_trading/core": 99, "app/ib_trading/intents": 97}

# What the ib adapter does, alone and over the wire, and the trading that goes through it.
ADAPTER_TESTS = (
    "tests/adapters",
    *(f"tests/wire/test_broker_{concern}.py" for concern in ("lies", "orders", "questions", "session")),
    *(f"tests/wire/test_{intent}.py" for intent in ("allocation", "cash_balancer", "close_all")),
)

WORKERS = max(4, os.cpu_count() or 1)

# Seconds that a program has to end by itself after Ctrl-C, and after the SIGTERM that follows.
INTERRUPT_SECONDS = 1.5
TERMINATE_SECONDS = 1.0

# What changes a deployment may take longer: Pulumi, asked to stop, ends what it has begun.
DELIVERY_INTERRUPT_SECONDS = 600.0


# In the image they run once, with the image's Python, whichever are installed here.
@nox.session(python=None if IN_IMAGE in sys.argv else PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on every supported Python that is installed, or in the image (-- --in-image).

    pytest gets the rest of what comes after --."""
    if IN_IMAGE in session.posargs:
        session.posargs.remove(IN_IMAGE)
        _deliver(session, "tests_in_image", "delivery", "safety", arguments=["unit"])
        return
    _sync(session, "coverage", "test")
    if session.posargs:
        _pytest(session, *session.posargs)
        return
    last_time = Path(session.cache_dir) / f"{session.name}.seconds"
    session.log(f"all tests: {_usually(last_time)}; one of them, two seconds: -- tests/FOLDER/FILE.py::NAME")
    begun = time.monotonic()
    measured = session.python == MEASURED_PYTHON
    # Spread over processes: they wait for servers more than they compute. A selection runs in one.
    spread = ("--numprocesses", str(WORKERS), "--dist=worksteal")
    _pytest(session, *spread, *(("--cov", "--cov-report=") if measured else ()))
    last_time.write_text(f"{time.monotonic() - begun:.0f}")
    for folder, floor in BRANCH_FLOORS.items() if measured else ():
        _run(session, "coverage", "report", f"--include={folder}/*", f"--fail-under={floor}")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style (ruff), formatting, shell scripts (shellcheck), Dockerfiles (hadolint), and uv.lock.

    The last is whether it is what pyproject.toml asks for. Names of checks after -- run only these."""
    _sync(session, "lint", project=False)
    checks: dict[str, tuple[str, ...]] = {
        "ruff": ("ruff", "check", "."),
        "format": ("ruff", "format", "--check", "."),
        "shellcheck": (
            "shellcheck",
            "nox",
            ".ci/install",
            ".ci/run",
            *map(str, sorted(Path("images").glob("*/*.sh"))),
        ),
        "hadolint": ("hadolint", *map(str, sorted(Path("images").glob("*/Dockerfile")))),
        # What is locked needs no index to be looked at.
        "lock": ("uv", "lock", "--quiet", "--check", "--offline"),
    }
    if unknown := [name for name in session.posargs if name not in checks]:
        session.error(f"no check is called {' '.join(unknown)}; there are {' '.join(checks)}")
    for name in session.posargs or checks:
        _run(session, *checks[name])


@nox.session
def types(session: nox.Session) -> None:
    """Check types with ty, against everything that the project can be installed with."""
    _sync(session, "types")
    _run(session, "ty", "check", "--python", session.virtualenv.location, *session.posargs)


@nox.session(python="3.12")
def mutants(session: nox.Session) -> None:
    """Change core's rules one at a time and see whether the tests notice; writes docs/mutation.md (-- --help)."""
    _sync(session, "coverage", "test")
    _run(session, "python", "-m", "tests.mutants", *session.posargs)


@nox.session
def calendars(session: nox.Session) -> None:
    """Write core's table of trading days anew, from what the library of calendars knows today."""
    _sync(session, "test")
    _run(session, "python", "-m", "tests.calendars")


@nox.session
def readme(session: nox.Session) -> None:
    """Run the README's commands (its ```sh blocks) in a copy that holds what a fresh clone would."""
    _sync(session)
    _run(session, "python", "tests/readme/blocks.py", "README.md")


@nox.session
def demo(session: nox.Session) -> None:
    """Trade a simulated month on the embedded defaults; arguments after -- go to the demo (--help lists them)."""
    google = any("google" in argument for argument in session.posargs)
    _sync(session, "local", "simulator", "strategies", *(["google"] if google else []))
    if google:
        # What it lacks then, the demo says.
        _make_bigquery_stand_in(session, required=False)
    # Paths among the arguments mean what they mean where ./nox was called; -P: no module is taken from there.
    with session.chdir(session.invoked_from):
        _run(session, "python", "-P", "-m", "demo", *session.posargs)


@nox.session
def serve(session: nox.Session) -> None:
    """Run the service here, under gunicorn as in the container; it is configured by the environment."""
    _sync(session, "local", "strategies", *(["google"] if os.environ.get("BACKEND") == "google" else []))
    _run(
        session,
        "gunicorn",
        "-c",
        "images/application/gunicorn.conf.py",
        "ib_trading.main:app",
        *session.posargs,
    )


@nox.session
def strategy(session: nox.Session) -> None:
    """Begin a strategy (-- new NAME), try it on recorded prices (-- check NAME), or say what it is (-- show NAME)."""
    _sync(session, "simulator", "strategies", "terminal")
    _run(session, "python", "-m", "workbench", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what is named (orders ingest core host simulator start preview container), for docs/performance.md."""
    libraries = {"preview": ("infra",), "container": ("delivery", "safety")}
    named = (groups for name, groups in libraries.items() if name in session.posargs)
    _sync(session, "local", "simulator", "strategies", *itertools.chain.from_iterable(named))
    service = _make_service_environment(session) if "start" in session.posargs else {}
    _run(session, "python", "-m", "bench", *session.posargs, **service)


def _make_service_environment(session: nox.Session) -> dict[str, str]:
    """Make the environment that the image has for the service, and say where it is: Google's client for BigQuery
    imports pandas where it finds it, and there is none."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--frozen",
        "--no-default-groups",
        "--group=google",
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": str(SERVICE), "UV_PYTHON_DOWNLOADS": "never"},
    )
    return {"SERVICE_PYTHON": str(SERVICE / "bin" / "python")}


@nox.session
@nox.parametrize("client", CLIENTS, ids=CLIENTS)
def clients(session: nox.Session, client: str) -> None:
    """Let another client library trade against the simulator, each in an environment of its own."""
    _sync(session, "test", f"client-{client}")
    _test(session, f"tests/clients/{client}")


@nox.session
def images(session: nox.Session) -> None:
    """Build both images with docker, podman or buildah, and print their layers; see images/pins.toml."""
    _deliver(session, "images", "delivery", "safety")


@nox.session
def push(session: nox.Session) -> None:
    """Push the image that `images` built into a stack's repository (-- paper), and print its digest."""
    _deliver(session, "push")


@nox.session
def safety(session: nox.Session) -> None:
    """Ask OSV what is known against the dependencies; a source that is old, empty or silent fails."""
    _deliver(session, "safety", "delivery", "safety")


@nox.session
def integration(session: nox.Session) -> None:
    """Run the tests over TCP inside the image that `images` built, against the simulator."""
    _deliver(session, "tests_in_image", "delivery", "safety", arguments=["integration"])


@nox.session
def deploy(session: nox.Session) -> None:
    """Deploy a stack (-- paper): the digest it is given, or the last one pushed; goes back if it does not work."""
    _make_pulumis_environment(session)
    _deliver(session, "deploy", "delivery", "safety", **_make_strategies_environment(session))


@nox.session
def promote(session: nox.Session) -> None:
    """Deploy to live what paper runs: the same digest, copied and not built again."""
    _make_pulumis_environment(session)
    _deliver(session, "promote", **_make_strategies_environment(session))


@nox.session
def rollback(session: nox.Session) -> None:
    """Deploy what a stack (-- live) ran before."""
    _make_pulumis_environment(session)
    _deliver(session, "rollback")


@nox.session
def cleanup(session: nox.Session) -> None:
    """Delete revisions and images of a stack (-- paper) that nothing needs any more; shows them first."""
    _deliver(session, "cleanup")


@nox.session
def credentials(session: nox.Session) -> None:
    """Ask for the broker's user name and password, unseen, and keep them as a version of the secret (-- paper)."""
    _deliver(session, "credentials")


@nox.session
def call(session: nox.Session) -> None:
    """Call the service as its operator: -- paper allocation '{"dryRun": true}'."""
    _deliver(session, "call")


@nox.session
def dashboard(session: nox.Session) -> None:
    """Show a stack's page (-- paper) in a browser here, with the operator's identity."""
    _deliver(session, "dashboard")


def _deliver(
    session: nox.Session, module: str, *groups: str, arguments: Sequence[str] = (), **environment: str
) -> None:
    _sync(session, *(groups or ("delivery",)))
    command = ("python", "-m", f"delivery.commands.{module}", *arguments, *session.posargs)
    session.run(
        *command,
        env=environment,
        interrupt_timeout=DELIVERY_INTERRUPT_SECONDS,
        terminate_timeout=DELIVERY_INTERRUPT_SECONDS,
    )


def _make_pulumis_environment(session: nox.Session) -> None:
    """What Pulumi.yaml names: `.venv`, which a developer may have filled with more. The engine runs infra/ in it."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--frozen",
        "--inexact",
        "--no-default-groups",
        "--group=infra",
        env={"UV_PROJECT_ENVIRONMENT": str(Path(__file__).parent / ".venv"), "UV_PYTHON_DOWNLOADS": "never"},
    )


def _make_strategies_environment(session: nox.Session) -> dict[str, str]:
    """Make the environment that the image has for strategies, and say where it is: what they import is asked there
    whether it fits the stack's file, and is not beside what deploys."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--frozen",
        "--only-group=host",
        "--only-group=strategies",
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": str(STRATEGIES), "UV_PYTHON_DOWNLOADS": "never"},
    )
    return {"STRATEGY_PYTHON": str(STRATEGIES / "bin" / "python")}


@nox.session(name="image-tests", python="3.12")
def image_tests(session: nox.Session) -> None:
    """Build the images for real, look into them and run them; needs root, and Debian's buildah and mmdebstrap."""
    _sync(session, "delivery", "safety", "test")
    _test(session, "tests/images", "-m", "image")


@nox.session(python="3.12")
def lifecycle(session: nox.Session) -> None:
    """Walk a stack's whole life, from an empty project to a rollback of live, with images that are built and run.

    Needs what image-tests, delivery and engine need."""
    _sync(session, "delivery", "infra", "safety", "test")
    # Each step goes on where the one before it ended.
    _test(session, "tests/lifecycle", "--exitfirst", "-m", "image")


@nox.session
def emulators(session: nox.Session) -> None:
    """Run the tests that need Firestore, BigQuery or Secret Manager, on emulators; -- serve FILE starts only these."""
    _sync(session, "test", "google")
    _make_bigquery_stand_in(session, required="CI" in os.environ)
    if session.posargs[:1] == ["serve"]:
        stack_file = (*session.posargs[1:], "Pulumi.paper.yaml")[0]
        _run(session, "python", "-m", "emulators", "--stack", stack_file)
        return
    # On the build machine a missing emulator fails the run at once; on a person's it skips the tests that need it.
    started = (
        "python",
        "-m",
        "emulators",
        *([] if "CI" in os.environ else ["--any"]),
        "pytest",
        "-m",
        "emulator",
    )
    _run(session, *started, *(session.posargs or ("--numprocesses", "2", "--dist=worksteal")))


def _make_bigquery_stand_in(session: nox.Session, *, required: bool) -> None:
    """Make the environment of local-bigquery, which needs Python 3.13 and a DuckDB that is not the project's. Where it
    is not `required`, a machine without that Python has none."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--frozen",
        "--no-default-groups",
        "--only-group=bigquery-stand-in",
        "--python=3.13",
        success_codes=[0] if required else [0, 2],
        env={"UV_PROJECT_ENVIRONMENT": str(BIGQUERY_STAND_IN), "UV_PYTHON_DOWNLOADS": "never"},
    )


@nox.session
def infra(session: nox.Session) -> None:
    """Run the Pulumi program without an engine: what it registers, against inventories and rules."""
    _sync(session, "infra", "test")
    _test(session, "tests/infra")


@nox.session
def delivery(session: nox.Session) -> None:
    """Run the tests of the sessions around a deployment, on stand-ins.

    Needs pulumi, and what `.ci/install images` installs: buildah, chromium and docker-registry."""
    _sync(session, "delivery", "infra", "safety", "test")
    _test(session, "tests/delivery", spread=True)


@nox.session
def engine(session: nox.Session) -> None:
    """Deploy the stacks with the real `pulumi` from PATH, onto a stand-in for Google; arguments go to pytest."""
    _sync(session, "infra", "test")
    # They wait for the engine's processes, which fill the cores.
    _test(session, "tests/engine", spread=True)


@nox.session
def bootstrap(session: nox.Session) -> None:
    """Make the bucket and the key of a stack's state, once (-- paper); shows the commands, and asks."""
    _sync(session, "local", "terminal")
    _run(session, "python", "-m", "delivery.commands.bootstrap", *session.posargs)


@nox.session(name="ib-async")
def ib_async(session: nox.Session) -> None:
    """Run the ib adapter's tests with ib_async in the place of ib_insync."""
    _sync(session, "test", "client-ib-async")
    spread = ("--numprocesses", str(WORKERS), "--dist=worksteal", *ADAPTER_TESTS)
    _pytest(session, "--ib-library=ib_async", *(session.posargs or spread))


def _sync(session: nox.Session, *groups: str, project: bool = True) -> None:
    """Make the session's environment hold exactly these dependency groups of uv.lock, with the project or without."""
    wanted = [f"--{'group' if project else 'only-group'}={group}" for group in groups]
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--frozen",
        "--no-default-groups",
        *wanted,
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location, "UV_PYTHON_DOWNLOADS": "never"},
    )


def _test(session: nox.Session, folder: str, *options: str, spread: bool = False) -> None:
    """Runs the tests of `folder`, or those that the arguments name by their path; all of them spread over processes if
    that is asked for, a selection in one."""
    where = [] if _names_tests(session.posargs) else [folder]
    over_cores = ("--numprocesses", str(max(2, os.cpu_count() or 1)), "--dist=worksteal") if spread else ()
    _pytest(session, *options, *where, *(session.posargs or over_cores))


def _usually(last_time: Path) -> str:
    """How long the session takes: here, where a run that ended well has left its seconds, or elsewhere."""
    if not last_time.exists():
        return "usually 3 to 6 minutes on two cores"
    minutes, seconds = divmod(int(last_time.read_text()), 60)
    return f"{minutes} min {seconds} s here the last time"


def _names_tests(arguments: Sequence[str]) -> bool:
    """Whether a file or a folder below tests/ is among them, as pytest takes it: with `::` and a test's name, too."""
    paths = (Path(argument.partition("::")[0]).absolute() for argument in arguments)
    return any(path.exists() and Path("tests").absolute() in path.parents for path in paths)


def _pytest(session: nox.Session, *arguments: str) -> None:
    """Runs pytest, whose tests start hundreds of processes that import the same modules: what is compiled once is kept,
    whatever the shell says of it, and beside the tree."""
    bytecode = Path(session.cache_dir).absolute() / "bytecode"
    _run(session, "pytest", *arguments, PYTHONPYCACHEPREFIX=str(bytecode), PYTHONDONTWRITEBYTECODE=None)


def _run(session: nox.Session, *command: str, **environment: str | None) -> None:
    session.run(
        *command,
        env=environment,
        interrupt_timeout=INTERRUPT_SECONDS,
        terminate_timeout=TERMINATE_SECONDS,
    )
