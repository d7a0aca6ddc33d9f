"""Predicates for transformations, one per file."""
