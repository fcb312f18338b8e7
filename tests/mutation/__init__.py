"""`make mutate`: small faults made on purpose, and which of them no test finds."""
