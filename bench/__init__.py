"""Measurements, `python -m bench NAME`: each compares the project with a yardstick in the same run, as a ratio."""
