"""Measurements: each work against a yardstick in the same run. `make bench` prints and writes RESULTS.md."""
