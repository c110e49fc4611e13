"""Who may draw weapons: contracts, authorisations, what a unit asks for, withdrawals, overrides, weapons asked back."""
