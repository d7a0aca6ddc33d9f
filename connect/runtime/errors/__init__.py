"""One judge for failures of records: retry, skip and report, or fail the task."""
