"""A deployed service: asked as its operator, judged whether it serves and works, brought to another image.

Decides what may be asked and how an answer is laid out, what counts as working, and the order of a deployment with its
way back. Which image it gets, a command decides."""
