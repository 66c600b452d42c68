"""What a user requests: the options of a run, suites and their manifests, entries, plugins, settings, sweeps, cells.

Modules here declare and validate; they compute nothing and read no data. A new option is a field of request.py, a new
key of a manifest a field of manifest.py; settings.py has the precedence of all settings. Imports machine and the loose
modules (types, schema, keys, errors) only.
"""
