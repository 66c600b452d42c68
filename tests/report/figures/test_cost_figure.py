"""The figure of score against time, and the placement of its labels."""

from __future__ import annotations

from pathlib import Path

from support.drawn_figures import description, figures_of, put_constant, without_tags, words
from support.fake_records import provenance

from harness.machine.stage_run import Cost, StageRun
from harness.report.figures.cost_plot import EntryCost, pareto_front
from harness.report.figures.label_placement import Box, line_boxes, place_labels


def test_a_cell_from_the_cache_does_not_count_for_the_time(tmp_path: Path) -> None:
    def stages(*, cached: bool) -> tuple[StageRun, ...]:
        return (StageRun(stage="train", key="k", seconds=1.0, cached=cached),)

    put_constant(tmp_path, {"a": 0.5, "b": 0.6}, seconds=4.0, stages=stages(cached=False))
    put_constant(tmp_path, {"c": 0.9}, seconds=0.01, stages=stages(cached=True))
    cost = figures_of(tmp_path)["cost"]
    assert description(cost) == "b: 4.00 seconds, 60.00; a: 4.00 seconds, 50.00"
    assert "Without a time: <bdi>c</bdi>, of" in cost.reading


def test_a_cell_from_the_cache_has_the_time_of_what_made_its_model_and_ranking(tmp_path: Path) -> None:
    def stages(*, cached: bool) -> tuple[StageRun, ...]:
        made = {"train": Cost(seconds=3.0, peak_bytes=1), "retrieve": Cost(seconds=0.5, peak_bytes=1)}
        return tuple(StageRun(stage=name, key=name, seconds=0.0, cached=cached, cost=made[name]) for name in made)

    put_constant(tmp_path, {"a": 0.5}, seconds=4.0, stages=stages(cached=False))
    put_constant(tmp_path, {"b": 0.6}, seconds=0.01, stages=stages(cached=True))
    assert description(figures_of(tmp_path)["cost"]) == "b: 3.50 seconds, 60.00; a: 3.50 seconds, 50.00"


def test_long_times_are_in_minutes_and_very_different_times_on_a_logarithmic_axis(tmp_path: Path) -> None:
    put_constant(tmp_path, {"a": 0.5}, seconds=60.0)
    put_constant(tmp_path, {"b": 0.6}, seconds=6000.0)
    cost = figures_of(tmp_path)["cost"]
    assert description(cost) == "b: 100.00 minutes, 60.00; a: 1.00 minutes, 50.00"
    assert "minutes per cell, logarithmic" in words(cost)
    assert without_tags(cost.caption) == "a and b are beaten by no other entry in both score and time."


def test_the_front_has_the_entries_that_no_other_entry_beats_in_score_and_time() -> None:
    a, b, c, d = (
        EntryCost(name, seconds, score)
        for name, seconds, score in (("a", 1.0, 0.2), ("b", 2.0, 0.1), ("c", 3.0, 0.5), ("d", 3.0, 0.4))
    )
    assert pareto_front([d, c, b, a]) == [a, c]


def put_costs(folder: Path, scores: dict[str, float]) -> None:
    for i, (entry, score) in enumerate(scores.items()):
        made = provenance(entry, "ko", 0)
        made["entry"]["method"] = "" if entry == "base" else entry
        put_constant(folder, {entry: score}, seconds=1.0 + i, provenance=made)


def test_an_anchor_that_would_squeeze_the_others_is_an_arrow_with_its_score_at_the_end_of_the_axis(
    tmp_path: Path,
) -> None:
    put_costs(tmp_path / "far", {"bm25": 0.9, "base": 0.3, "mnrl": 0.34})
    put_costs(tmp_path / "near", {"bm25": 0.35, "base": 0.3, "mnrl": 0.34})
    far, near = (figures_of(tmp_path / name)["cost"] for name in ("far", "near"))
    assert "bm25 90.00" in words(far)
    assert far.svg.count("<circle") == 2
    assert near.svg.count("<circle") == 3
    assert "bm25 35.00" not in words(near)
    ticks = {float(text) for text in words(far).split() if text.replace(".", "").isdigit()}
    assert max(ticks - {90.0, 100.0}) < 35  # 100: of the axis's title
    assert far.reading.count("An arrow: beyond the axis") == 1
    assert "An arrow" not in near.reading
    assert "bm25: 1.00 seconds, 90.00" in description(far)


def test_the_only_entry_beside_an_anchor_does_not_push_it_off_the_axis(tmp_path: Path) -> None:
    put_costs(tmp_path, {"bm25": 0.9, "base": 0.3})
    cost = figures_of(tmp_path)["cost"]
    assert cost.svg.count("<circle") == 2
    assert "An arrow" not in cost.reading


def overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def test_labels_cover_neither_points_nor_each_other() -> None:
    points = [(100.0 + 3 * i, 100.0 + 2 * i) for i in range(12)]
    placements = place_labels(points, [(60.0, 12.0)] * 12, (400.0, 300.0), line_boxes([]))
    boxes = [placement.box for placement in placements if placement]
    assert len(boxes) == 12
    for i, (left, bottom, right, top) in enumerate(boxes):
        assert left >= 0
        assert right <= 400
        assert not any(overlap(boxes[i], other) for other in boxes[i + 1 :])
        assert not any(left < x < right and bottom < y < top for x, y in points)


def test_a_label_leaves_a_line_free() -> None:
    line = line_boxes([(0.0, 50.0), (400.0, 50.0)])
    (placement,) = place_labels([(100.0, 50.0)], [(60.0, 12.0)], (400.0, 300.0), line)
    assert placement is not None
    assert placement.box[1] > 50 or placement.box[3] < 50


def test_a_label_is_left_out_if_the_frame_has_no_room_for_it() -> None:
    assert place_labels([(20.0, 20.0)], [(60.0, 12.0)], (40.0, 40.0), line_boxes([])) == [None]
