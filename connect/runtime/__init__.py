"""One worker process: the data path."""
