"""Where market history is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from app.core.history import Bar, NewestBar, Series
from app.core.market import DailyClose


class Warehouse(Protocol):
    def store(self, series: Series, bars: Sequence[Bar], stored_at: datetime) -> int:
        """Writes bars by key (series, start): one that is there is left as it is. Returns how many were new.

        Figures are kept to nine decimal places, half even. RequestError for a bar size that is not kept.
        """
        ...

    def newest(self, con_ids: Iterable[int], what_to_show: str, bar_size: str) -> Mapping[int, NewestBar]:
        """The newest stored bar of each that has any. RequestError for a bar size that is not kept."""
        ...

    def daily_closes(
        self, con_ids: Iterable[int], what_to_show: str, before: datetime, count: int
    ) -> Mapping[int, tuple[DailyClose, ...]]:
        """The last `count` daily closes that start before `before`, oldest first; () where there are none."""
        ...
