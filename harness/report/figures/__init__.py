"""Figures of the leaderboard page, as inline SVG.

`X_figure.py` decides whether a figure is drawn and writes its caption, `X_plot.py` draws it; the other modules are
shared by all figures. A figure is a Figure: SVG with a caption and a note on how to read it. No figure reads a file
or computes a statistic that the leaderboard already has.
"""
