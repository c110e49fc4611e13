"""Recording acknowledgements, and setting what they rest on."""
