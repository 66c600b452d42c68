"""Readers: one module per file format, each from a source's paths to raw data; `registry` names them for manifests."""
