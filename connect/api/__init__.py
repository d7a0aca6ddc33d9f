"""Everything that a plugin author imports; depends on nothing else here."""
