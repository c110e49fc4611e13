"""Reading outside one's scope in an emergency: for a written reason, for some hours, and the owner is told."""
