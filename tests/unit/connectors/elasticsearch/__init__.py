"""Tests of the Elasticsearch sink, without a server."""
