"""Tests of finding plugins."""
