"""``connect demo rental``: a database table through Avro and a schema registry into a search index."""
