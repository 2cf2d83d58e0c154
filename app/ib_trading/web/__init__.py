"""HTTP: routes, strict parsing, errors as problem documents."""
