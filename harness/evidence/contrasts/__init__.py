"""Contrasts: an entry over its control, as a paper claims it, beside what runs measured of the same two methods."""
