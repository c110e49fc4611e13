"""The writes of a check: open, count, close."""
