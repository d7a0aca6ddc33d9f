"""What survives a restart: configs, statuses, offsets."""
