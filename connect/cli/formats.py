"""The forms in which answers can be shown; apart from what shows them, which takes long to import."""

from __future__ import annotations

FORMATS = ("table", "json", "yaml")
