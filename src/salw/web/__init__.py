"""Pages for people: rendered by the server, without script, from the same operations as the interface."""
