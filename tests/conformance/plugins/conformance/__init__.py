"""Connectors that do what their configuration says, failures included: the subjects of the recorded REST scenarios."""
