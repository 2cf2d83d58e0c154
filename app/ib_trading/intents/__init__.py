"""One file an intent, named as its URL, with its typed request and result beside it."""
