"""The broker's side: which orders are taken, when they trade and at what price, what accounts hold and are worth, and
what is kept of it. Knows nothing of clients' connections."""
