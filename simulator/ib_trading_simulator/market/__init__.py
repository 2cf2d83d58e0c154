"""Contracts and their prices: what was recorded, what is constructed between, quotes at an instant, trading hours and
bars. Knows nothing of orders."""
