"""What the intents need from the outside world, one Protocol a file. Adapters implement them, tests hold every
adapter of a port to the same contract suite."""
