"""Numbered supporting documents (pieces justificatives)."""
