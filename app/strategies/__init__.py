"""Strategies: a base to write one in ten lines, and two that come with the service."""
