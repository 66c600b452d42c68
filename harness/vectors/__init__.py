"""From texts to vectors, and exact search over vectors.

Holds what every stage that embeds or searches shares: opening an encoder, encoding in blocks, top-k search with one
rule for ties. Which model and which texts belongs to `stages`; approximate indexes do not belong here, because the
scores must be exact. Imports data (passages on disk), request and machine.
"""
