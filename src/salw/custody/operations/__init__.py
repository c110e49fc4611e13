"""Writes of custody, one function a use case, each keyword-only with `actor` and `now`."""
