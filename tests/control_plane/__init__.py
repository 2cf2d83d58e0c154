"""Stand-ins for the APIs that sessions talk to, for the official clients unchanged: one file a service of Google's."""
