"""Long runs: ``make soak``. A short form of each runs with the other tests."""
