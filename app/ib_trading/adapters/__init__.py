"""The outside world behind the ports. Only composition.py imports from here."""
