"""Mutation testing of core: small changes to its rules, and whether the tests notice each. Runs as a program."""
