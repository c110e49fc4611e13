"""Orders on paper: recorded, then confirmed or contested."""
