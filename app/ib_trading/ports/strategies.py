"""Whoever imports and calls strategies' code. Whatever that does is a Failure, a value: it can hurt nobody else."""

from __future__ import annotations

from typing import Protocol

from ib_trading.core.strategy import Answer, Declaration, Failure, Instance, Offers, Question


class Strategies(Protocol):
    def begin(self) -> None:
        """The service has started: so does the importing. Waits for nothing."""
        ...

    def offers(self) -> Offers:
        """What there is, once everything is imported."""
        ...

    def known(self) -> Offers | None:
        """The same without waiting: as it was when everything was imported last, None before."""
        ...

    def declaration(self, instance: Instance) -> Declaration | Failure:
        """What an instance of an offered strategy wants to see and trade, with its parameters checked."""
        ...

    def answer(self, question: Question, seconds: float, megabytes: int) -> Answer | Failure:
        """What it decides, within `seconds` and `megabytes` of memory."""
        ...

    def close(self) -> None:
        """The service ends, and so does the host."""
        ...
