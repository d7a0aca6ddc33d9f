"""Measures this worker and Java Kafka Connect side by side: same broker, same data, alternating in one run.

``python -m benchmarks CASE ...`` runs cases and writes ``benchmarks/RESULTS.md``; ``--help`` lists them.
"""
