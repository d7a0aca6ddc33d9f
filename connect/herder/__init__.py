"""The cluster's will: which connectors exist, and in which state."""
