"""Single message transformations, one per file."""
