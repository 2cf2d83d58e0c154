"""IB Gateway through ib_insync; nothing else in app/ knows that library."""
