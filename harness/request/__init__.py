"""What is asked for: the request, suites and their manifests, entries, plugins, settings and their precedence, cells.

Declares and validates; computes nothing and reads no data. Imports machine (bundled files) and the modules below.
"""
