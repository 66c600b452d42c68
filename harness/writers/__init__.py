"""Who writes queries for passages: query files, OpenAI-compatible endpoints and local models.

The written queries serve as negative queries (CLPL) or as further training queries (augmentation). A writer is data
(harness.request.manifest.Writer); `writing.write_queries` runs it. Which passages need a query, and what a stage does
with the queries, belongs to `stages`. Imports data (text checks), request and machine.
"""
