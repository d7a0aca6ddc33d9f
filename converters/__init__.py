"""Converters between record data and bytes."""
