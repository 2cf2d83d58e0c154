"""What Pulumi's engine makes of words without quotes in a stack file: (as written, at the top as text, within a
structure). Recorded from `pulumi config --json` of engine 3.250.0; tests/engine/test_stack_file.py asks it again.
"""

from __future__ import annotations

WORDS: tuple[tuple[str, str, object], ...] = (
    ("on", "on", "on"),
    ("off", "off", "off"),
    ("yes", "yes", "yes"),
    ("No", "No", "No"),
    ("y", "y", "y"),
    ("true", "true", True),
    ("True", "true", True),
    ("FALSE", "false", False),
    ("null", "", None),
    ("~", "", None),
    ("Null", "", None),
    ("12:30", "12:30", "12:30"),
    ("1:2:3", "1:2:3", "1:2:3"),
    ("2019-01-02", "2019-01-02 00:00:00 +0000 UTC", "2019-01-02 00:00:00 +0000 UTC"),
    ("2019-1-2", "2019-01-02 00:00:00 +0000 UTC", "2019-01-02 00:00:00 +0000 UTC"),
    ("2019-13-45", "2019-13-45", "2019-13-45"),
    ("2019-01-02T03:04:05Z", "2019-01-02 03:04:05 +0000 UTC", "2019-01-02 03:04:05 +0000 UTC"),
    ("2019-01-02t3:4:5.250Z", "2019-01-02 03:04:05.25 +0000 UTC", "2019-01-02 03:04:05.25 +0000 UTC"),
    ("2019-01-02 03:04:05", "2019-01-02 03:04:05 +0000 UTC", "2019-01-02 03:04:05 +0000 UTC"),
    ("0", "0", 0),
    ("00", "0", 0),
    ("007", "7", 7),
    ("010", "8", 8),
    ("-010", "-8", -8),
    ("0777", "511", 511),
    ("089", "89", 89),
    ("0o17", "15", 15),
    ("0o8", "0o8", "0o8"),
    ("0x1F", "31", 31),
    ("-0x1F", "-31", -31),
    ("0x", "0x", "0x"),
    ("0b11", "3", 3),
    ("0b2", "0b2", "0b2"),
    ("1_000", "1000", 1000),
    ("1_", "1", 1),
    ("_1", "_1", "_1"),
    ("+5", "5", 5),
    ("-5", "-5", -5),
    ("1.50", "1.5", 1.5),
    (".5", "0.5", 0.5),
    ("._5", "._5", "._5"),
    ("5.", "5", 5),
    ("1_0.5", "10.5", 10.5),
    ("1e3", "1000", 1000),
    ("5e-1", "0.5", 0.5),
    ("1e400", "1e400", "1e400"),
    ("0.1000000000000000055", "0.1", 0.1),
    ("1.2.3", "1.2.3", "1.2.3"),
    ("=", "=", "="),
    ("+", "+", "+"),
    (".", ".", "."),
)

KEYS: tuple[tuple[str, str], ...] = (
    ("null", "<nil>"),
    ("True", "true"),
    ("0777", "511"),
    ("0x5", "5"),
    ("1.50", "1.5"),
    ("2019-01-02", "2019-01-02 00:00:00 +0000 UTC"),
)
"""Keys without quotes that the engine gives another name."""

AS_WRITTEN = ("on", "5", "-5", "12:30", "true", "trend")
"""Keys that are the same without quotes."""

TWICE: tuple[tuple[str, int], ...] = (
    ("config:\n  ib-trading:image: a\n  gcp:region: r\n  ib-trading:image: b\n", 4),
    ("config: {}\nconfig: {}\n", 2),
    ("config:\n  ib-trading:trading:\n    exposure: {overall: '1',\n      overall: '0.5'}\n", 4),
    ('config:\n  ib-trading:trading:\n    limits: {"5": 1, 5: 2}\n', 3),
)
"""Files with a key that is there twice → the line of the second one."""

REFUSED = ("config:\n  gcp:project: .inf\n", "config:\n  ib-trading:trading: {[1]: 2}\n")
"""What the engine reads in no way."""

MERGED = """\
config:
  ib-trading:labels: &labels {team: quants, floor: 3rd}
  ib-trading:budget: &budget {floor: 4th, desk: one}
  ib-trading:trading: {floor: own, <<: [*labels, *budget]}
"""
MERGED_TRADING = {"team": "quants", "floor": "own", "desk": "one"}
