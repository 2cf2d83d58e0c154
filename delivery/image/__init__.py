"""The images on this machine: what they are built from and with, what is in them, programs run in them.

Decides how docker, podman and buildah are each told the same thing, and what is written down about what came out. Where
an image goes afterwards is the registry's and the stack's business."""
