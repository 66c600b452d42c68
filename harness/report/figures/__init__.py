"""Figures of the leaderboard page, as inline SVG.

`X_figure.py` decides whether a figure is drawn and writes its caption, `X_plot.py` draws it; the other modules are
shared by all figures. A figure is a Figure: SVG with a caption and a note on how to read it. No figure reads a file
or computes a statistic that the leaderboard already has.

Forest, seeds, ranks, cost and geometry follow the page's switches: a View (the data of the page's script under one
state) is drawn by Python for the page as it opens, and by report_templates/leaderboard_*.js for every other state. Both
draw from the same data and the same `drawing_rules`; tests/browser/test_figures_agree.py holds them to the same
elements, attributes and words. The others are drawn by matplotlib.
"""
