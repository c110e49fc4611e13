"""Preparing a nominal list, issuing from it, returning to it."""
