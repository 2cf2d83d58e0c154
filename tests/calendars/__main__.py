"""`./nox -s calendars`: writes the service's table of trading days anew, from the calendars that the library knows."""

from __future__ import annotations

import argparse

from tests.calendars.table import TABLE, table

if __name__ == "__main__":
    argparse.ArgumentParser(prog="./nox -s calendars --", description=__doc__).parse_args()
    TABLE.write_text(table(), encoding="utf-8")
    print(f"wrote {TABLE}")
