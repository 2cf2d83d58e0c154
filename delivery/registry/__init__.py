"""A stack's images where Google keeps them: names, tags, manifests, copies, and the journal of deployments
that the tags are.

Decides how an image is named, what a tag says, and that no byte is believed whose sum is another. What is in an image,
and which of them a stack gets, others decide."""
