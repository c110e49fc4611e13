"""Photos of weapons: the whole, a mark, a damage."""
