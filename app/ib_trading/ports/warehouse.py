"""Where market history is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from ib_trading.core.bars import BarColumns
from ib_trading.core.history import Portion, StoredSeries
from ib_trading.core.market import DailyClose
from ib_trading.core.refusals import RequestError
from ib_trading.schema.strict import nearest
from ib_trading.schema.tables import BAR_SIZES


class Warehouse(Protocol):
    def store(self, portions: Sequence[Portion], stored_at: datetime) -> tuple[int, ...]:
        """Writes bars by key (series, start), where one that is there is left as it is, and the days they answer.
        Returns how many bars of each were new; while another process stores some of the same bars, only the sum is
        certain.

        No day counts as answered whose bars are not there, whenever a call is cut short. After StoreUnavailable all of
        it may be written, nothing, or bars whose days do not count yet; storing the same again puts that right and
        changes nothing that is there: a span of days keeps the instant at which it was first asked for, and the one at
        which it was last said to have no bars. A series is replaced as a whole or not at all, but for the days that
        have no bars. What is refused for what it is (RequestError, ValueError) leaves nothing.

        Figures are kept to nine decimal places, half even. RequestError for a bar size that is not kept.
        """
        ...

    def stored(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, since: date | None = None
    ) -> Mapping[int, StoredSeries]:
        """What is known of each; all of them are in the answer, the days that have bars from `since` on, none without
        it. A bar counts for its day in UTC. RequestError for a bar size that is not kept."""
        ...

    def bars(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, before: datetime, count: int
    ) -> Mapping[int, BarColumns]:
        """The last `count` bars that start before `before`, oldest first; all contracts are in the answer. Each figure
        is the binary fraction next to the one that is stored, in every warehouse the same. RequestError for a bar size
        that is not kept."""
        ...

    def daily_closes(
        self, con_ids: Iterable[int], what_to_show: str, before: datetime, count: int
    ) -> Mapping[int, tuple[DailyClose, ...]]:
        """The last `count` daily closes that start before `before`, oldest first; () where there are none."""
        ...


def table_of(bar_size: str) -> str:
    """The table that keeps bars of this size; RequestError for one that is not kept."""
    if bar_size not in BAR_SIZES:
        raise RequestError(f"bar size {bar_size!r} has no table; {nearest(bar_size, tuple(BAR_SIZES))}")
    return BAR_SIZES[bar_size]
