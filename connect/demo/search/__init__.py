"""A search server that fits into one small process: documents in memory, the core of Elasticsearch's API.

It indexes, counts, queries and aggregates with the requests and answers of Elasticsearch, so that its clients and curl
commands work against it. It keeps no inverted index: a search reads every document, which is quick enough up to a few
hundred thousand of them. What it doesn't know it refuses by name; for more than trying things out use Elasticsearch or
OpenSearch.
"""
