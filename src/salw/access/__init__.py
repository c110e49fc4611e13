"""Who exists and who may act: countries, forces, units, stores, people, postings, accounts, sessions."""
