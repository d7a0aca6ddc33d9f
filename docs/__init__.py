"""The documentation, and what makes the reference pages from the code: ``python -m docs.generate``."""
