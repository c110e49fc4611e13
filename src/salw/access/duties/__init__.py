"""Duties that must not meet in one person, and the derogations under which a post too small for that works."""
