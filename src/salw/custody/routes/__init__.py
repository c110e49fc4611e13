"""Routes of custody: translate in, one operation, translate out."""
