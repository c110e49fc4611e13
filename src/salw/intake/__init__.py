"""How weapons enter the books: registration, register import, purchase, gift, seizure, finding."""
