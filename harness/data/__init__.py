"""The data of a suite: files found, fetched and verified, read by readers, checked, and returned as `Data`.

Everything between a manifest's list of files and the data that stages read belongs here: downloads, caches, formats,
validation, splits, and the passages on disk. Embeddings and searches do not (vectors), nor do the manifests themselves
(request). Imports request, machine, types, keys and errors.
"""
