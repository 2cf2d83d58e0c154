"""Measurements, `python -m bench NAME`: each compares the project with a baseline in the same run, as a ratio."""
