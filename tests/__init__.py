"""A package, because a dependency (eventkit) installs one of this name: ours comes first on the path."""
