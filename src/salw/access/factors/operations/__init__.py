"""Writes of second factors, one function a use case."""
