"""Sockets: how a connection begins and ends, how often a client may send, and the log of every frame. What a request
means is left to answers/."""
