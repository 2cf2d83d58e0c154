"""The host: imports every strategy once, then answers one question after the other."""

from __future__ import annotations

import importlib
import io
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from ib_trading.authoring.decision import answer_of
from ib_trading.authoring.strategy import Strategy, declaration_of
from ib_trading.authoring.view import StrategyView
from ib_trading.core.strategy import Instance, Question
from ib_trading.host.discovery import Found, discover
from ib_trading.host.messages import (
    Answered,
    Ask,
    Begin,
    Channel,
    Declare,
    Declared,
    Imported,
    Importing,
    ToHost,
)
from ib_trading.host.offspring import adopt
from ib_trading.host.trial import ServiceGone, tried

FRAMES = "pandas"
"""What bars are handed out as frames with (authoring/bars.py)."""


def serve(number: int) -> None:
    """Until the service closes its end of the socket, whose file descriptor `number` is."""
    end = socket.socket(fileno=number)
    os.set_inheritable(number, False)
    channel: Channel[Begin | Declare | Ask] = Channel(end, ToHost)
    # What a module prints on being imported is nobody's answer.
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What was printed before a crash is told too.
        sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt()
    begin = channel.receive()
    if not isinstance(begin, Begin):
        return
    found = _imported(channel, begin)
    channel.send(Imported(found.offers))
    try:
        while (message := channel.receive()) is not None:
            if not isinstance(message, Begin):
                channel.send(tried(_work(found, message), message.seconds, message.megabytes, end))
    except ServiceGone:
        return


def _imported(channel: Channel[Begin | Declare | Ask], begin: Begin) -> Found:
    own = os.getpid()

    def announce(source: str) -> None:
        if os.getpid() != own:
            # A module has made a copy of this process, which goes on here: there is one host.
            os._exit(0)
        channel.send(Importing(source))

    found = discover(begin.without, announce)
    if FRAMES not in begin.without:
        announce(FRAMES)
        _import_frames()
    with suppress(Exception):
        # Half a line, which every copy of this process would print.
        sys.stdout.flush()
    return found


def _import_frames() -> None:
    """Once for all questions: a frame asked for in a forked process would be imported there, a second each time. Where
    it is not installed or does not import, who asks for a frame is told."""
    with suppress(Exception):
        importlib.import_module(FRAMES)


def _work(found: Found, message: Declare | Ask) -> Callable[[], object]:
    if isinstance(message, Declare):
        return lambda: Declared(declaration_of(_made(found, message.instance)))
    return lambda: Answered(answer_of(_decided(found, message.question)))


def _made(found: Found, instance: Instance) -> Strategy:
    return found.kinds[instance.strategy].with_parameters(instance.parameters)


def _decided(found: Found, question: Question) -> object:
    strategy = _made(found, question.instance)
    return strategy.decide(StrategyView(question, strategy.parameters))
