"""Connectors, one folder per system."""
