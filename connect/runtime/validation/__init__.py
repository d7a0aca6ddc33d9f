"""Judges connector configurations, with the plugins that they name. Runs in processes apart from the worker's."""
