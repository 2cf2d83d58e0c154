"""The IB Gateway that the service starts itself, through IBC, and keeps up.

source.py gives out sessions and counts their users; supervisor.py decides when the gateway starts, starts again and
stops; life.py watches one run of it from start to end; the rest is one concern a file.
"""
