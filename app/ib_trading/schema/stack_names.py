"""Decides what a stack may be called: Google's names are made of it, by infra/ and by what is there before it."""

from __future__ import annotations

import re

STACK_NAME = re.compile(r"(?!.*--)[a-z][a-z0-9-]{2,15}[a-z0-9]")
"""4 to 17 characters: a Firestore database's name has at least 4, a service account's at most 30 with our prefix.
No two hyphens together: they end the stack's name where another name follows it (schema/schedules.py)."""

STACK_NAME_RULE = "Google's names are made of it; give it 4 to 17 small letters, digits and single hyphens"
"""What to tell whoever chose another one."""
