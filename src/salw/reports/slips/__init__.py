"""Numbered documents to read and to print: slips of issue and return, orders of entry, exit and movement."""
