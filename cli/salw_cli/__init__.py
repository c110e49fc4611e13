"""The program `salw`."""
