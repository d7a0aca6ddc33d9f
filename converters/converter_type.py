"""The setting that every converter has: whether it is for keys, values or headers."""
