"""The service that runs in the container: HTTP intents that trade."""
