"""The sub-commands of ``connect``, one module per subject."""
