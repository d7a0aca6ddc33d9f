"""MQTT: messages into Kafka, and records out of Kafka as messages."""
