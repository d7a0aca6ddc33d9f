"""Elasticsearch and OpenSearch sink."""
