"""Labels beside the weapons that have them: blanks, codes of places and persons, reprints, voids."""
