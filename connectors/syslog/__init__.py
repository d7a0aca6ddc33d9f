"""Syslog sources: UDP, TCP and TLS listeners whose messages become records."""
