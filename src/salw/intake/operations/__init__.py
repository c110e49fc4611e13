"""Writes of intake, one function a use case."""
