"""Secret configuration stays secret: encrypted in the stack file and in the state, and in no output."""

from __future__ import annotations

import json

from tests.engine.checkout import Checkout

ADDRESS = "somebody.private@example.com"
ACCOUNT = "DU7654321"


def test_a_secret_address_is_encrypted_in_file_and_state_and_is_printed_nowhere(first: Checkout) -> None:
    """A person's address, set with `--secret`: Google gets it, and nobody who reads files or logs does."""
    said = [
        first.done("config", "set", "--secret", "--stack", "paper", "ib-trading:notificationAddress", ADDRESS)
    ]
    assert ADDRESS not in first.stack_file("paper").read_text(encoding="utf-8")
    said += [
        first.done("preview", "--diff", "--stack", "paper"),
        first.up("paper", "--diff"),
        first.done("refresh", "--yes", "--diff", "--stack", "paper"),
        first.done("stack", "output", "--json", "--show-secrets", "--stack", "paper"),
        first.done("stack", "export", "--stack", "paper"),
    ]
    assert [text for text in said if ADDRESS in text] == []
    assert ADDRESS not in first.state_text("paper")
    channel = next(
        found for (type_, _), found in first.world.resources().items() if "notificationChannel" in type_
    )
    assert channel["labels"]["email_address"] == ADDRESS


def test_a_secret_account_is_encrypted_in_file_and_state_and_is_printed_nowhere(paper: Checkout) -> None:
    """The account's number, one leaf of the trading configuration, set with `--secret --path`: the document at Google
    has it, since the service must; the file, the state and every output have not."""
    key = "ib-trading:trading.account"
    said = [paper.done("config", "set", "--secret", "--path", "--stack", "paper", key, ACCOUNT)]
    assert ACCOUNT not in paper.stack_file("paper").read_text(encoding="utf-8")
    said += [
        paper.done("preview", "--diff", "--stack", "paper"),
        paper.up("paper", "--diff"),
        paper.done("refresh", "--yes", "--diff", "--stack", "paper"),
        paper.done("stack", "output", "--json", "--show-secrets", "--stack", "paper"),
        paper.done("stack", "export", "--stack", "paper"),
    ]
    assert [text for text in said if ACCOUNT in text] == []
    assert ACCOUNT not in paper.state_text("paper")
    [document] = [
        found
        for (type_, _), found in paper.world.resources().items()
        if type_ == "gcp:firestore/document:Document"
    ]
    assert ACCOUNT in document["fields"]


def test_the_state_of_a_stack_holds_no_address_even_if_the_file_shows_it(paper: Checkout) -> None:
    """The state is copied to more places than the stack file: what is a person's is encrypted there in any case."""
    assert "ann@example.com" in paper.stack_file("paper").read_text(encoding="utf-8")
    channel = next(
        each for each in paper.resources("paper").values() if "notificationChannel" in each["type"]
    )
    assert "ann@example.com" not in json.dumps(channel)
