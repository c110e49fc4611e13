"""Writes of access, one function a use case."""
