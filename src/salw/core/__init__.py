"""What every feature stands on: settings, database, HTTP, errors, language, clock. Knows nothing of weapons."""
