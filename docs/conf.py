"""Sphinx: the pages beside this file, in Markdown (MyST), with the Furo theme. `make docs` builds them."""

project = "harness"
author = "The harness-embeddings developers"
project_copyright = "The harness-embeddings developers. Apache-2.0"
version = release = "0.1.0"

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "harness"
