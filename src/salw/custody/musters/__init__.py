"""Musters (appels des armes): weapons on issue are presented where they are."""
