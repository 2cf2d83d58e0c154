"""The messages of log lines that somebody is woken for: the service writes them, the deployment's alerts look for them.

A name that only one of the two knew would be an alert that never comes.
"""

from __future__ import annotations

SCHEDULES_OK = "schedules_ok"
"""Every scheduled run that was due has succeeded. Its absence for two hours is the alarm."""

SCHEDULES_MISSING = "schedules_missing"
"""Some scheduled run that was due has not succeeded, be it refused, failed or never heard of: said at every check."""

NEEDS_REVIEW = "needs_review"
"""A run ended with something that no rule explains; a person must look before its instruments trade again."""

GATEWAY_NOT_READY = "gateway_not_ready"
"""A request needed the gateway and was answered 503."""

SECOND_FACTOR_NEEDED = "second_factor_needed"
"""The gateway waits for somebody's second factor."""
