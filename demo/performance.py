"""One performance of the demonstration from start to end: what runs when, and how it ends.

Decides the order of starting, telling, checking, showing and ending, and the exit code.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from demo.account import tell_account, tell_checks, tell_page, tell_phases
from demo.checks import Check, check
from demo.children import HOME, Children, NotInstalled, StartFailed, last_words
from demo.command_line import DEFAULT_PAGE, Options, read_options
from demo.evidence import write_evidence
from demo.exchanges import Refused, Service, Unanswered
from demo.interruption import Interrupted, Interruption
from demo.page import render_page
from demo.recorded_closes import read_recorded_closes
from demo.story import SIMULATOR_OPTIONS, Story, tell
from demo.terminal import ReaderGone, Terminal
from ib_trading_simulator.launch import HOST, Launched

STACK_FILE = HOME / "demo" / "Pulumi.demo.yaml"
RECORD = HOME / "simulator/ib_trading_simulator/data" / "us-stocks" / "days.csv.gz"


def perform(arguments: Sequence[str], interruption: Interruption) -> int:
    """The exit code. Whatever happens, everything that was started has ended on return."""
    options = read_options(arguments)
    terminal = _terminal()
    with tempfile.TemporaryDirectory(prefix="ib-trading-demo-", ignore_cleanup_errors=True) as folder:
        children = Children(interruption, Path(folder))
        try:
            with children:
                return _perform(options, terminal, children)
        except Interrupted:
            # If it came at the very moment of leaving the block, they are still there; it cannot come again.
            children.end()
            raise
        except ReaderGone:
            # What is still in the buffer has nowhere to go either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except NotInstalled as error:
            sys.stderr.write(f"demo: {error}\n")
            return 2
        except (StartFailed, Unanswered, Refused) as error:
            terminal.line()
            terminal.line(f"{terminal.red('The demonstration failed.')} {error}")
            return 1


def _perform(options: Options, terminal: Terminal, children: Children) -> int:
    simulator, service = _start(options, children, terminal)
    try:
        with terminal.phase("read the file of recorded closes") as phase:
            recorded = read_recorded_closes(RECORD)
            phase.result = f"{len(recorded.days):,} days of {len(recorded.closes)} symbols"
        story = tell(service, simulator, recorded, terminal)
    except (Unanswered, OSError) as error:
        ended = children.ended_early()
        reason = f"The {ended.name} ended by itself:\n{last_words(ended)}" if ended else str(error)
        raise StartFailed(reason) from error
    with terminal.phase("check it all"):
        checks = check(story, recorded)
    tell_account(story, terminal)
    tell_checks(checks, terminal)
    page = _write(options, terminal, service, story, checks)
    tell_phases(terminal.seconds, terminal)
    tell_page(page, terminal)
    if options.keep:
        _keep(simulator, service, terminal)
    return 0 if all(each.passed for each in checks) else 1


def _start(options: Options, children: Children, terminal: Terminal) -> tuple[Launched, Service]:
    terminal.line(terminal.bold("A simulated month with ib-trading"))
    terminal.line()
    stores = children.local_stores(STACK_FILE)
    if options.google:
        with terminal.phase("start Google's emulators") as phase:
            stores = children.emulators(STACK_FILE)
            phase.result = "Firestore, BigQuery, Secret Manager"
    with terminal.phase("start the simulator") as phase:
        simulator = children.simulator(*SIMULATOR_OPTIONS)
        phase.result = f"gateway at {HOST}:{simulator.port}"
    with terminal.phase("start the service") as phase:
        service = Service(children.service(simulator.port, stores))
        try:
            service.get("health", "/health")
        except Unanswered as error:
            child = children.started[-1]
            raise StartFailed(f"The service did not start:\n{last_words(child) or error}") from error
        phase.result = f"http://{HOST}:{service.port}"
    return simulator, service


def _write(
    options: Options, terminal: Terminal, service: Service, story: Story, checks: tuple[Check, ...]
) -> Path:
    """Writes page and evidence; gives the page's path."""
    with terminal.phase("write the page") as phase:
        page = options.page.resolve() if options.page else HOME / DEFAULT_PAGE
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render_page(story, checks, terminal.seconds), encoding="utf-8")
        phase.result = f"{page.stat().st_size:,} bytes"
    if options.json:
        write_evidence(options.json, service.exchanges, story.control, checks, terminal.seconds)
    return page


def _keep(simulator: Launched, service: Service, terminal: Terminal) -> None:
    """Waits for the interruption, which is the expected end here; the children go on until then."""
    terminal.heading("Still running")
    terminal.line(f"  service                  http://{HOST}:{service.port}/summary")
    terminal.line(f"  simulator's gateway      {HOST}:{simulator.port}, account {simulator.account}")
    terminal.line(f"  simulator's control port http://{HOST}:{simulator.control_port}/state")
    terminal.line()
    with contextlib.suppress(Interrupted):
        # Said in here: whoever reads it may press Ctrl-C at once.
        terminal.line("Ctrl-C ends both.")
        while True:
            signal.pause()
    terminal.line("Ending both.")


def _terminal() -> Terminal:
    """What stdout can show: see the informal standard at no-color.org."""
    live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return Terminal(sys.stdout, live=live, coloured=live and not os.environ.get("NO_COLOR"))
