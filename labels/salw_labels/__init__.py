"""Weapon labels: payload, QR matrix, label stock, sheets. Pure: bytes in, bytes out."""
