"""What the gateway answers a request or an order with that it does not take."""

from __future__ import annotations


class Refusal(Exception):
    """The broker's code and words."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def invalid(cause: str) -> Refusal:
    """The broker's way of saying that a request makes no sense."""
    return Refusal(321, f"Error validating request.-'bW' : cause - {cause}")
