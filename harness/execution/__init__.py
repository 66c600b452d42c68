"""From a request to finished records: the plan, what is rejected before anything is computed, executors, progress.

Imports stages, data and results; knows neither statistics nor pages. Whether cells run here or on a cluster does not
change a number.
"""
