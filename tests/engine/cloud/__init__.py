"""Google Cloud as the engine meets it: a provider plugin that keeps resources in a file instead of creating them."""
