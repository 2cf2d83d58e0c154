"""What the nox sessions around a deployment run, as `python -m delivery.commands.SESSION`.

From the top layer down, each knowing only what is below it: `commands`; `service`; `stack`; `registry`; `google`,
`image` and `advisories`, which know nothing of each other; `console`.
"""
