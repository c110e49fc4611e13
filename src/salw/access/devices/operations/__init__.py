"""Writes of devices, one function a use case."""
