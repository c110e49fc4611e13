"""What each force shows its own commission, and the commission's reading of it."""
