"""The JDBC source: rows of relational databases to Kafka."""
