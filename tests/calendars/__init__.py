"""Calendars of every market: how core's table of them is made, and whether it is what the library knows."""
