"""Bundles: one file with events, their proofs and a signed checkpoint, checked anywhere with nothing installed."""
