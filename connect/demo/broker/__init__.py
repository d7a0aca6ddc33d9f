"""A Kafka broker that fits into one small process: in memory, one node, for trying things out.

It speaks the real protocol, so every Kafka client works against it unchanged. It keeps nothing on disk, has no
transactions and no compaction; for anything that must survive its process use Apache Kafka.
"""
