"""One scan, one card: the weapon, who answers for it, warnings, what may be done next. Reads only."""
