"""Thin: parse, ask the herder, answer."""
