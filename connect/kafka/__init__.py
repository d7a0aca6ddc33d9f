"""The only folder that imports the Kafka client libraries."""
