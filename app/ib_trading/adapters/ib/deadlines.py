"""How long each kind of question to the broker may stay unanswered. Decides figures only; connection.py keeps them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """In seconds of real time, each counted from when the question leaves.

    `answer`: what the gateway knows or fetches at once; a real one answers within a second or not at all.
    `profit`: the gateway tells an account's profit and loss about once a second, and may begin with no value.
    `snapshot`: it collects quotes for up to 11 seconds before it says that no more will come.
    `history`: its data farm is slow on first use, and queues.
    `commissions`: commission reports follow their executions without an end marker; what has not come by then is
    reported as not known yet.
    `explanation`: the reason of an Inactive order comes in a message of its own after the status.
    `shown`: an order of which an error says something that nobody knows is shown by then, or was refused.
    `close`: how long the gateway gets to close the socket from its side, so that the client id is free again.
    """

    answer: float = 10.0
    profit: float = 5.0
    snapshot: float = 15.0
    history: float = 60.0
    commissions: float = 3.0
    explanation: float = 0.5
    shown: float = 3.0
    close: float = 1.0
