"""Made-up records that follow an Avro schema with annotations: for trying things out and for load tests."""
