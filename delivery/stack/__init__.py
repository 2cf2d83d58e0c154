"""A stack: its file, its outputs as Pulumi knows them, the backend that keeps its state, what exists of it.

Decides whether file, last update and journal agree on what serves, and which revisions and images nothing needs any
more. What is deployed, and when anything is deleted, the service's folder and the commands decide."""
