"""index.html over several result folders: one row per folder, and what the folders of one suite show together,
and the contrasts of all folders, pooled."""
