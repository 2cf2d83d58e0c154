"""What the sessions for images and deployments run, as `python -m delivery.NAME`; the service imports nothing of it."""
