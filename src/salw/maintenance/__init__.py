"""Maintenance: what is due on weapons, what was done, parts that do not match, what is to be struck off as unfit."""
