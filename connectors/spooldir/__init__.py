"""Files that appear in a directory, read once each: CSV, JSON, lines, whole files."""
