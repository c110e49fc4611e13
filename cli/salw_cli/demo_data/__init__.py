"""Demonstration data: three invented armies, the same ones for the same seed, made by the real operations."""
