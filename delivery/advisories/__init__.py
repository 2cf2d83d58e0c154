"""What is known against the distributions that ship, build, test or deploy.

Decides which of them count, when a vulnerability database is believed, and what may be accepted until when. The verdict
is the command's."""
