"""Several workers that share connectors and tasks: membership, assignment, and what only the leader may do."""
