"""The nox sessions around a deployment, a file each: `./nox -s deploy -- paper` runs `python -m
delivery.commands.deploy paper`.

Decides what a session takes as arguments, in which order it does things, what it asks before it acts and what it
prints; `session` is the frame that all of them have. How a thing is done is the other folders' business, and none of
those knows a command."""
