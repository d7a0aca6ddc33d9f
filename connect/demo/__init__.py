"""``connect demo``: a CSV file through Kafka into a search index, on a machine with nothing but Python."""
