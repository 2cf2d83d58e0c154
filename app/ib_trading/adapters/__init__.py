"""The outside world behind the ports. Only app/composition.py imports from here."""
