"""entries/ENTRY.html: one page per entry with its declaration, settings and cells."""
