"""Nominal lists (états nominatifs de perception): prepared in the evening, drawn in the morning."""
