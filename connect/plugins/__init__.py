"""From class name to class."""
