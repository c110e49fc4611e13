"""What the pages show to whom: read with the same permissions and scopes as the interface."""
