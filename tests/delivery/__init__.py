"""What the sessions for images and deployments do, against programs that play the vendors' own."""
