// Names beside points, and so that none covers another. As in harness/report/figures/label_placement.py and scatter.py.

function lineBoxes(line) {
  return line.slice(1).flatMap(([toX, toY], at) => {
    const [x, y] = line[at];
    const count = 1 + Math.trunc(Math.sqrt((toX - x) ** 2 + (toY - y) ** 2) / RULES.labels.line);
    return Array.from({ length: count + 1 }, (_, i) => boxAround([x + (i * (toX - x)) / count, y + (i * (toY - y)) / count], 1));
  });
}

/** Return the placement of the label of each point, null where the frame (width, height) has no room for it. */
function placeLabels(points, sizes, frame, reserved) {
  const dots = points.map((point) => boxAround(point, RULES.labels.clearance));
  const occupied = [];
  return points.map((point, i) => {
    const others = dots.filter((dot) => !overlap(dots[i], dot)); // a leader may start under another point
    const placement = firstFree(point, sizes[i], frame, [...dots, ...reserved, ...occupied], [...others, ...occupied]);
    if (placement) {
      occupied.push(placement.box, ...leaderBoxes(point, placement));
    }
    return placement;
  });
}

/** Return the first candidate that is free with its leader line, else the first that is free without it. */
function firstFree(point, size, frame, obstacles, leaderObstacles) {
  let fallback = null;
  for (const candidate of candidates(point, size, frame)) {
    if (!obstacles.some((box) => overlap(candidate.box, box))) {
      if (!leaderBoxes(point, candidate).some((box) => leaderObstacles.some((other) => overlap(box, other)))) {
        return candidate;
      }
      fallback ??= candidate;
    }
  }
  return fallback;
}

/** Yield boxes around a point inside the frame, nearest first, right of the point before left of it. */
function* candidates([x, y], [width, height], frame) {
  const { near, far, ring, directions } = RULES.labels;
  for (let step = 0; step < Math.floor(far / ring); step += 1) {
    const distance = near + ring * step;
    for (const [rightBy, upBy] of directions) {
      const [dx, dy] = [distance * rightBy, distance * upBy];
      const left = rightBy > 0 ? x + dx : rightBy === 0 ? x - width / 2 : x + dx - width;
      const [bottom, right, top] = [y + dy - height / 2, left + width, y + dy + height / 2];
      if (left >= 0 && bottom >= 0 && right <= frame[0] && top <= frame[1]) {
        const end = [Math.min(Math.max(x, left), right), Math.min(Math.max(y, bottom), top)];
        yield { box: [left, bottom, right, top], end: step ? end : null };
      }
    }
  }
}

/** Return the boxes along a leader line, without those at its ends. */
function leaderBoxes(point, { end }) {
  return end ? lineBoxes([point, end]).slice(1, -1) : [];
}

function boxAround([x, y], radius) {
  return [x - radius, y - radius, x + radius, y + radius];
}

function overlap([left, bottom, right, top], other) {
  return left < other[2] && other[0] < right && bottom < other[3] && other[1] < top;
}

const OUTLINE = { stroke: ACCENT, 'stroke-width': 1.4 };

function dot(x, y, filled, ...children) {
  return drawn('circle', { cx: x, cy: y, fill: filled ? ACCENT : BACK, r: 3.2, ...OUTLINE }, ...children);
}

/** Return a triangle that points upwards (1) or downwards (-1). */
function pointArrow(x, y, filled, turn, ...children) {
  const corners = [[x - 4, y + 4 * turn], [x + 4, y + 4 * turn], [x, y - 4 * turn]];
  return drawn('path', { d: `M${polyline(corners)}z`, fill: filled ? ACCENT : BACK, ...OUTLINE }, ...children);
}

/**
 * Return points {entry, x, y, filled} and their names inside a frame, clear of a line. With {arrow: 1 or -1, note}, a point
 * is an arrow upwards or downwards, and the note stands behind its name.
 */
function scatter(data, [left, top, width, height], points, [x, y], along = []) {
  const places = points.map((point) => [x(point.x), y(point.y)]);
  const bottom = top + height;
  const upwards = (positions) => positions.map(([px, py]) => [px - left, bottom - py]);
  const names = points.map(({ entry, note }) => {
    const [, , name, nameWidth] = data.names[entry];
    return note ? [`${name} ${note}`, nameWidth + plainWidth(` ${note}`)] : [name, nameWidth];
  });
  const sizes = names.map(([, nameWidth]) => [RULES.small * nameWidth + 2, RULES.labels.height]);
  const placements = placeLabels(upwards(places), sizes, [width, height], lineBoxes(upwards(along)));
  return [
    ...placements.flatMap((placement, i) => (placement ? pointName(places[i], names[i][0], placement, [left, bottom]) : [])),
    ...places.map((place, i) => {
      const { entry, filled, arrow } = points[i];
      const title = drawn('title', {}, data.names[entry][0]);
      return arrow ? pointArrow(...place, filled, arrow, title) : dot(...place, filled, title);
    }),
  ];
}

function pointName(place, name, { box: [left, bottom, right, top], end }, corner) {
  const [x, y] = [place[0] - corner[0], corner[1] - (bottom + top) / 2 + 3.7];
  const [anchor, at] = left >= x ? ['start', left] : right <= x ? ['end', right] : ['middle', (left + right) / 2];
  const text = written(corner[0] + at, y, anchor, name);
  return end ? [ruled(...place, corner[0] + end[0], corner[1] - end[1], { 'stroke-width': 0.6 }), text] : [text];
}
