"""The worker's metrics: Kafka Connect's groups and attributes, computed from what tasks report now and then."""
