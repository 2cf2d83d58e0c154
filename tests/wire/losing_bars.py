"""The real way to a gateway, on which bars of some days get lost."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import count
from typing import Any

from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.collection import BarQuestion
from ib_trading.core.history import Bar, day_of
from ib_trading.core.markets import market_of
from ib_trading.core.refusals import BrokerFault
from ib_trading.ports.broker import Broker
from ib_trading_simulator.launch import HOST


class LosesBars(IbGateway):
    """`lost` is symbol → days. No question is too early after the last."""

    def __init__(self, port: int, client_id: int) -> None:
        minutes = count(step=60)
        super().__init__(HOST, port, client_id, history_pace=HistoryPace(lambda: float(next(minutes))))
        self.lost: Mapping[str, Collection[date]] = {}

    @contextmanager
    def session(self) -> Generator[Any]:
        with super().session() as broker:
            yield _Losing(broker, self.lost)


class _Losing:
    def __init__(self, broker: Broker, lost: Mapping[str, Collection[date]]) -> None:
        self._broker = broker
        self._lost = lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def bars(
        self, questions: Sequence[BarQuestion], at: datetime, *, seconds: float | None = None
    ) -> tuple[tuple[Bar, ...] | BrokerFault, ...]:
        answers = self._broker.bars(questions, at, seconds=seconds)
        return tuple(
            answer if isinstance(answer, BrokerFault) else self._left(question, answer)
            for question, answer in zip(questions, answers, strict=True)
        )

    def _left(self, question: BarQuestion, bars: Sequence[Bar]) -> tuple[Bar, ...]:
        market, size = market_of(question.instrument), question.series.bar_size
        lost = self._lost.get(question.instrument.local_symbol, ())
        return tuple(bar for bar in bars if day_of(bar, size, market) not in lost)
