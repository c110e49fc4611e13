"""Routes of access: translate in, one operation, translate out."""
