"""What condition a weapon was seen in: at a return, at a count, after work on it."""
