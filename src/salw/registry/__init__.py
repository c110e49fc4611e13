"""What exists: models, weapons, their marks and labels."""
