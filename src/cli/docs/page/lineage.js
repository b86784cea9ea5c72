// Where the boxes of a lineage graph stand, and the ways of its lines. Nothing here knows the page.

const BOX_HEIGHT = 30;
const LINE_HEIGHT = 8;
const BOX_GAP = 14;
const COLUMN_GAP = 54;
const MARGIN = 12;

/**
 * @param {{ id: string, label: string, parents: string[] }[]} nodes parents that are no nodes count for nothing
 * @returns {{ width: number, height: number, boxes: object[], lines: object[] }} `boxes` with `id`, `x`, `y`, `width`, `height`;
 *   `lines` with `from`, `to` and `path`, the `d` of an SVG path
 */
export function layoutLineage(nodes) {
  const byName = new Map(nodes.map((node) => [node.id, node]));
  const parentsOf = (node) => [...new Set(node.parents.filter((id) => byName.has(id)))];
  const depth = depths(nodes, byName, parentsOf);

  // a line that passes columns has a place in each, so that no box lies over it
  const columns = [];
  const put = (item, column) => (columns[column] ??= []).push(item);
  const items = new Map();
  for (const node of nodes.toSorted((a, b) => (a.label < b.label ? -1 : 1))) {
    const item = { node, height: BOX_HEIGHT, before: [], after: [] };
    items.set(node.id, item);
    put(item, depth.get(node.id));
  }
  const ways = nodes.flatMap((node) =>
    parentsOf(node).map((id) => {
      const way = [items.get(id)];
      for (let column = depth.get(id) + 1; column < depth.get(node.id); column++) {
        const item = { node: null, height: LINE_HEIGHT, before: [], after: [] };
        put(item, column);
        way.push(item);
      }
      way.push(items.get(node.id));
      for (let i = 1; i < way.length; i++) {
        way[i - 1].after.push(way[i]);
        way[i].before.push(way[i - 1]);
      }
      return { from: id, to: node.id, way };
    }),
  );

  order(columns);
  placeDown(columns);
  const top = Math.min(...columns.flat().map((item) => item.y));
  for (const item of columns.flat()) item.y += MARGIN - top;
  let x = MARGIN;
  for (const column of columns) {
    const width = Math.max(...column.map(({ node }) => (node === null ? 0 : boxWidth(node.label))));
    for (const item of column) Object.assign(item, { x, width });
    x += width + COLUMN_GAP;
  }
  return {
    width: x - COLUMN_GAP + MARGIN,
    height: Math.max(...columns.flat().map((item) => item.y + item.height)) + MARGIN,
    boxes: columns
      .flat()
      .filter(({ node }) => node !== null)
      .map((item) => ({ id: item.node.id, x: item.x, y: item.y, width: item.width, height: item.height })),
    lines: ways.map(({ from, to, way }) => ({ from, to, path: pathAlong(way) })),
  };
}

/** By the longest way to it; what nothing leads to stands right before what reads it. */
function depths(nodes, byName, parentsOf) {
  const depth = new Map();
  const depthOf = (node) => {
    if (!depth.has(node.id)) {
      depth.set(node.id, 0);
      depth.set(node.id, Math.max(0, ...parentsOf(node).map((id) => depthOf(byName.get(id)) + 1)));
    }
    return depth.get(node.id);
  };
  for (const node of nodes) depthOf(node);
  const nearest = new Map();
  for (const node of nodes)
    for (const id of parentsOf(node)) nearest.set(id, Math.min(nearest.get(id) ?? Infinity, depth.get(node.id)));
  for (const node of nodes)
    if (parentsOf(node).length === 0 && nearest.has(node.id)) depth.set(node.id, nearest.get(node.id) - 1);
  return depth;
}

/** Each column by where its neighbours stand, from the left and from the right in turns, so that few lines cross. */
function order(columns) {
  const number = (column) => column.forEach((item, i) => (item.at = i / Math.max(1, column.length - 1)));
  columns.forEach(number);
  for (let round = 0; round < 8; round++) {
    const side = round % 2 === 0 ? 'before' : 'after';
    for (const column of round % 2 === 0 ? columns : columns.toReversed()) {
      for (const item of column) item.wish = item[side].length === 0 ? item.at : mean(item[side], ({ at }) => at);
      column.sort((a, b) => a.wish - b.wish);
      number(column);
    }
  }
}

/** As near to the height of their neighbours as the order of each column lets them be. */
function placeDown(columns) {
  for (const column of columns) {
    let y = 0;
    for (const item of column) {
      item.y = y;
      y += item.height + BOX_GAP;
    }
  }
  const middle = (item) => item.y + item.height / 2;
  for (let round = 0; round < 24; round++) {
    for (const column of round % 2 === 0 ? columns : columns.toReversed()) {
      const wishes = column.map((item) => {
        const near = round < 20 ? item[round % 2 === 0 ? 'before' : 'after'] : [...item.before, ...item.after];
        return near.length === 0 ? item.y : mean(near, middle) - item.height / 2;
      });
      // pushed down where there is no room, and pushed up: between the two there is room as well
      const down = [];
      column.forEach((item, i) =>
        down.push(i === 0 ? wishes[i] : Math.max(wishes[i], down[i - 1] + column[i - 1].height + BOX_GAP)),
      );
      const up = [];
      for (let i = column.length - 1; i >= 0; i--)
        up[i] = i === column.length - 1 ? wishes[i] : Math.min(wishes[i], up[i + 1] - column[i].height - BOX_GAP);
      column.forEach((item, i) => (item.y = (down[i] + up[i]) / 2));
    }
  }
}

function pathAlong(way) {
  const middle = (item) => Math.round(item.y + item.height / 2);
  let path = '';
  for (const [i, item] of way.entries()) {
    const next = way[i + 1];
    if (i === 0) path += `M${item.x + item.width} ${middle(item)}`;
    else if (next !== undefined) path += `H${item.x + item.width}`;
    if (next === undefined) continue;
    const [from, to] = [item.x + item.width, next.x];
    const half = Math.round((from + to) / 2);
    path += `C${half} ${middle(item)} ${half} ${middle(next)} ${to} ${middle(next)}`;
  }
  return path;
}

function boxWidth(label) {
  return Math.round(Math.min(296, Math.max(90, 24 + shortLabel(label).length * 7.7)));
}

/** As much of it as a box has room for. */
export function shortLabel(label) {
  return label.length > 35 ? `${label.slice(0, 34)}…` : label;
}

function mean(items, of) {
  return items.reduce((sum, item) => sum + of(item), 0) / items.length;
}
