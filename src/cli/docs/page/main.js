// Draws the page: from the data within it and, where `lens docs serve` serves it beside a service, from what that says of now.

import { layoutLineage, shortLabel } from './lineage.js';
import { markdown } from './markdown.js';

const data = JSON.parse(document.getElementById('data').textContent);
const byId = new Map(data.resources.map((one) => [one.id, one]));
const nav = document.querySelector('nav');
const list = document.querySelector('.list');
const main = document.querySelector('main');
const search = document.querySelector('input');
const TYPES = [
  ['model', 'Models'],
  ['source', 'Sources'],
  ['seed', 'Seeds'],
  ['exposure', 'Exposures'],
  ['analysis', 'Analyses'],
  ['unit_test', 'Unit tests'],
  ['test', 'Data tests'],
];
const SQL =
  /(--[^\n]*|\/\*[\s\S]*?\*\/|\{#[\s\S]*?#\})|('(?:[^']|'')*')|\b(select|from|where|group by|order by|left|right|full|inner|cross|join|on|using|with|as|case|when|then|else|end|and|or|not|in|is|null|union|all|distinct|having|limit|over|partition by|coalesce|cast|true|false)\b/gi;
/** From so many boxes on a model's graph begins with what is next to it. */
const MANY = 40;

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith('on')) node[key] = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined));
  return node;
}
const href = (id) => '#' + encodeURIComponent(id);
const link = (one, text = one.name) => el('a', { href: href(one.id) }, text);
const number = (n) => n.toLocaleString('en');
const counted = (n, noun) => `${number(n)} ${noun}${n === 1 ? '' : 's'}`;
const utc = (time) => `${time.slice(0, 19).replace('T', ' ')} UTC`;
const fromTree = (tree) =>
  tree.map((one) => (typeof one === 'string' ? one : el(one[0], one[1], fromTree(one.slice(2)))));
const described = (text) => fromTree(markdown(text));

// ---- What is known of now: the status that came with the page, or the service's of a moment ago.

let status = data.status;
let isLive = false;
/** What follows from the status, with what draws it anew. */
let living = [];
/** Applied records, by when they were asked for: the last ten seconds of them. */
const applied = [];

function live(tag, attributes, make) {
  const node = el(tag, attributes);
  const draw = () =>
    node.replaceChildren(
      ...make()
        .flat(Infinity)
        .filter((one) => one !== null),
    );
  draw();
  living.push({ node, draw });
  return node;
}
function statusOf(one) {
  if (status === null || one.storedAs === null) return undefined;
  const among = { model: status.models, source: status.rawTables, seed: status.seeds }[one.type];
  return among?.find(({ name }) => name === one.storedAs);
}
const rowsOf = (one) => statusOf(one)?.rows ?? one.rows;
/** `state` in words, none for what has none. */
function stateOf(one) {
  const own = statusOf(one);
  if (own?.state === undefined || own.state === 'view') return null;
  return own.recordsBehind > 0 ? `${own.state}, ${counted(own.recordsBehind, 'record')}` : own.state;
}
function badge(one) {
  const text = stateOf(one);
  return text === null ? null : el('span', { class: `state ${statusOf(one).state}` }, text);
}

async function askForStatus() {
  let after = 2000;
  if (!document.hidden) {
    const answer = await fetch('status.json').catch(() => null);
    // another server than ours has no such file
    if (answer !== null && answer.status === 404) return;
    isLive = answer !== null && answer.status === 200;
    if (isLive) {
      status = await answer.json();
      const now = performance.now();
      applied.push({ at: now, records: status.recordsApplied });
      while (now - applied[0].at > 10_000) applied.shift();
    } else {
      applied.length = 0;
      after = 5000;
    }
    living = living.filter(({ node }) => node.isConnected);
    for (const { draw } of living) draw();
  }
  setTimeout(askForStatus, after);
}
function rate() {
  const first = applied[0];
  const last = applied.at(-1);
  if (first === undefined || last.at - first.at < 1500) return null;
  return Math.round(((last.records - first.records) * 1000) / (last.at - first.at));
}

// ---- The list at the side.

const texts = new Map(
  data.resources.map((one) => [
    one.id,
    [
      one.name,
      one.path,
      one.description,
      ...one.tags,
      ...one.columns.map((column) => `${column.name} ${column.description}`),
      one.raw ?? '',
    ]
      .join('\n')
      .toLowerCase(),
  ]),
);
function found() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = data.resources.filter(
    (one) => !one.hidden && words.every((word) => texts.get(one.id).includes(word)),
  );
  const rank = (one) => (words.length > 0 && one.name.toLowerCase().includes(words[0]) ? 0 : 1);
  return matches.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }));
}
function entry(one) {
  const mark = live('span', {}, () => {
    const state = statusOf(one)?.state;
    return ['failed', 'behind', 'catching-up'].includes(state)
      ? [el('i', { class: `dot ${state}`, title: stateOf(one) })]
      : [];
  });
  return el('li', {}, el('a', { href: href(one.id), 'data-id': one.id }, breakable(one.name), mark));
}
/** Lines may end behind an underscore. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((word) => [word, el('wbr')]);
}
/** Folders of the file, without the one that all share. */
function folderOf(one) {
  return one.path.split('/').slice(1, -1).join('/');
}
function entries(type, own) {
  const folders = type === 'model' && search.value === '' ? [...new Set(own.map(folderOf))].sort() : [];
  if (folders.length < 2) return el('ul', {}, own.map(entry));
  return folders.map((folder) => [
    el('div', { class: 'folder' }, folder === '' ? '.' : folder),
    el('ul', {}, own.filter((one) => folderOf(one) === folder).map(entry)),
  ]);
}
function showList() {
  const matches = found();
  nav.classList.toggle('open', search.value !== '');
  list.replaceChildren(
    ...TYPES.flatMap(([type, title]) => {
      const own = matches.filter((one) => one.type === type);
      if (own.length === 0) return [];
      const open = search.value !== '' || type !== 'test';
      return el(
        'details',
        { open: open ? '' : null },
        el('summary', {}, `${title} (${own.length})`),
        entries(type, own),
      );
    }),
  );
  if (matches.length === 0) list.replaceChildren(el('p', { class: 'none' }, 'Nothing found.'));
  markHere();
}
function markHere() {
  for (const a of list.querySelectorAll('a')) {
    if (a.dataset.id === hereId()) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
}

// ---- SQL.

function sqlBlock(text) {
  const pre = el('pre');
  let at = 0;
  for (const match of text.matchAll(SQL)) {
    pre.append(
      text.slice(at, match.index),
      match[2] !== undefined ? match[0] : el(match[1] !== undefined ? 'i' : 'b', {}, match[0]),
    );
    at = match.index + match[0].length;
  }
  pre.append(text.slice(at));
  return pre;
}
function sqlTabs(one) {
  const isSql = one.type !== 'unit_test';
  const versions = [
    ['Compiled', one.compiled],
    [isSql ? 'Source' : 'Definition', one.raw],
  ].filter(([, text]) => text !== null && text !== '');
  if (versions.length === 0) return [];
  const body = el('div', { class: 'sql' });
  let shown = versions[0][1];
  const buttons = versions.map(([title, text]) =>
    el('button', { type: 'button', onclick: (event) => choose(event.currentTarget, text) }, title),
  );
  function choose(button, text) {
    shown = text;
    for (const other of buttons) other.setAttribute('aria-pressed', other === button);
    body.replaceChildren(isSql ? sqlBlock(text) : el('pre', {}, text));
  }
  choose(buttons[0], versions[0][1]);
  const copy = async ({ currentTarget: button }) => {
    await navigator.clipboard.writeText(shown);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  };
  const copyButton =
    navigator.clipboard === undefined ? null : el('button', { type: 'button', class: 'copy', onclick: copy }, 'Copy');
  return [el('h3', {}, isSql ? 'SQL' : 'YAML'), el('div', { class: 'tabs' }, buttons, copyButton), body];
}

// ---- Lineage: what is up and down stream, without tests.

const isNode = (one) => one !== undefined && one.type !== 'test' && one.type !== 'unit_test' && !one.hidden;
function around(start, direction, into) {
  for (const id of byId.get(start)[direction])
    if (isNode(byId.get(id)) && !into.has(id)) {
      into.add(id);
      around(id, direction, into);
    }
  return into;
}
function svg(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
function graph(ids, here) {
  const { width, height, boxes, lines } = layoutLineage(
    [...ids].map((id) => ({ id, label: byId.get(id).name, parents: byId.get(id).parents })),
  );
  const paths = lines.map(({ from, to, path }) => svg('path', { d: path, 'data-from': from, 'data-to': to }));
  const nodes = boxes.map((box) => {
    const one = byId.get(box.id);
    const stroke = /^(#[\da-f]{3,8}|[a-z]+)$/i.test(one.color ?? '') ? one.color : `var(--${one.type})`;
    const mark = svg('circle', { cx: box.x + box.width - 10, cy: box.y + 10, r: 4 });
    const title = svg('title', {});
    const draw = () => {
      mark.setAttribute('class', statusOf(one)?.state ?? '');
      title.textContent = [`${one.kind} ${one.name}`, stateOf(one)].filter(Boolean).join(': ');
    };
    draw();
    living.push({ node: mark, draw });
    const node = svg(
      'a',
      { href: href(box.id), class: box.id === here ? 'here' : null },
      title,
      svg('rect', { x: box.x, y: box.y, width: box.width, height: box.height, rx: 6, style: `stroke: ${stroke}` }),
      svg('text', { x: box.x + 10, y: box.y + 20 }, shortLabel(one.name)),
      mark,
    );
    node.dataset.id = box.id;
    return node;
  });
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': 'Lineage',
      style: `max-width: ${width}px; min-width: ${Math.round(width * 0.72)}px`,
    },
    ...paths,
    ...nodes,
  );
  // what a box comes from and leads to, while one points at it
  const follow = (id) => {
    const [up, down] = ['parents', 'children'].map((way) => (id === null ? new Set() : around(id, way, new Set([id]))));
    drawing.classList.toggle('dim', id !== null);
    for (const { classList, dataset } of nodes) classList.toggle('on', up.has(dataset.id) || down.has(dataset.id));
    for (const { classList, dataset } of paths)
      classList.toggle(
        'on',
        [up, down].some((one) => one.has(dataset.from) && one.has(dataset.to)),
      );
  };
  for (const node of nodes) {
    node.onmouseenter = node.onfocus = () => follow(node.dataset.id);
    node.onmouseleave = node.onblur = () => follow(null);
  }
  const scroll = el('div', { class: 'scroll graph' }, drawing);
  const box = boxes.find(({ id }) => id === here);
  if (box !== undefined)
    requestAnimationFrame(() => {
      const scale = drawing.clientWidth / width;
      scroll.scrollLeft = (box.x + box.width / 2) * scale - scroll.clientWidth / 2;
      scroll.scrollTop = (box.y + box.height / 2) * scale - scroll.clientHeight / 2;
    });
  return scroll;
}
function lineage(all, near, here) {
  const place = el('div');
  const choices =
    near !== null && near.size < all.size
      ? [
          ['Neighbours', near],
          ['All', all],
        ]
      : [['', all]];
  const buttons = choices.map(([title, ids]) => el('button', { type: 'button', onclick: () => choose(ids) }, title));
  function choose(ids) {
    place.replaceChildren(graph(ids, here));
    buttons.forEach((button, i) => button.setAttribute('aria-pressed', choices[i][1] === ids));
  }
  choose(choices.length > 1 && all.size > MANY ? near : all);
  const kinds = TYPES.filter(([type]) => [...all].some((id) => byId.get(id).type === type));
  return [
    el('h3', {}, 'Lineage'),
    place,
    el(
      'div',
      { class: 'legend' },
      kinds.map(([type, title]) =>
        el('span', {}, el('i', { style: `background: var(--${type})` }), title.replace(/s$/, '')),
      ),
      choices.length > 1 ? el('span', { class: 'choice' }, buttons) : null,
    ),
  ];
}
function names(title, ids) {
  const all = ids.map((id) => byId.get(id)).filter(isNode);
  if (all.length === 0) return null;
  return el(
    'div',
    { class: 'names' },
    `${title} `,
    all.map((one, i) => [i === 0 ? '' : ', ', link(one)]),
  );
}

// ---- Pages.

function rowsTable(head, rows) {
  return el(
    'div',
    { class: 'scroll' },
    el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          head.map((one) => el('th', {}, one)),
        ),
      ),
      el('tbody', {}, rows),
    ),
  );
}
function factLine(one) {
  return el(
    'div',
    { class: 'sub' },
    el('b', {}, one.kind || one.type),
    ` · ${one.package} · `,
    el('code', {}, one.path),
    one.relation === null ? null : [' · ', el('code', {}, one.relation)],
    live('span', {}, () => (rowsOf(one) === null ? [] : [` · ${counted(rowsOf(one), 'row')}`])),
    one.facts.map(([name, value]) => [
      ` · ${name} `,
      /^https?:\/\/\S+$/.test(value) ? el('a', { href: value, rel: 'noreferrer' }, value) : value,
    ]),
  );
}
function upkeepBox(one) {
  if (one.upkeep === null) return [];
  const { how, because, more } = one.upkeep;
  return [
    el(
      'div',
      { class: 'upkeep' },
      el(
        'div',
        {},
        el('b', {}, 'Kept current: '),
        how,
        ' ',
        live('span', {}, () => [badge(one)]),
      ),
      because === null ? null : el('small', {}, `because ${because}`),
      live('div', {}, () => {
        const { reason, updatedAt, state } = statusOf(one) ?? {};
        return [
          state === 'failed' && reason !== null ? el('pre', { class: 'failure' }, reason) : null,
          updatedAt === null || updatedAt === undefined
            ? null
            : el('small', {}, `last brought up to its records ${utc(updatedAt)}`),
        ];
      }),
      more.length === 0
        ? null
        : el('details', {}, el('summary', {}, 'How a change gets here'), el('pre', {}, more.join('\n'))),
    ),
  ];
}
function columnsTable(one) {
  if (one.columns.length === 0) return [];
  const testLinks = (ids) =>
    ids
      .map((id) => byId.get(id))
      .filter((test) => test !== undefined)
      .map((test, i) => [i === 0 ? '' : ', ', link(test, test.kind)]);
  return [
    el('h3', {}, 'Columns'),
    rowsTable(
      ['Column', 'Type', 'Description', 'Tests'],
      one.columns.map((column) =>
        el(
          'tr',
          {},
          el('td', {}, el('code', {}, column.name)),
          el('td', {}, column.type === null ? '' : el('code', { class: 'type' }, column.type)),
          el('td', { class: 'text' }, described(column.description)),
          el('td', {}, testLinks(column.tests)),
        ),
      ),
    ),
  ];
}
function testList(one) {
  const onColumns = new Set(one.columns.flatMap(({ tests }) => tests));
  const tests = one.children
    .map((id) => byId.get(id))
    .filter((child) => child !== undefined && !isNode(child) && !child.hidden && !onColumns.has(child.id));
  if (tests.length === 0) return [];
  const title = onColumns.size === 0 ? 'Tests' : 'More tests';
  return [
    el('h3', {}, title),
    el(
      'ul',
      { class: 'plain' },
      tests.map((test) => el('li', {}, link(test), ' ', el('small', {}, test.kind))),
    ),
  ];
}
function showOne(one) {
  const all = new Set([one.id]);
  const near = new Set([one.id, ...one.parents]);
  if (isNode(one)) {
    around(one.id, 'parents', all);
    around(one.id, 'children', all);
    for (const id of one.children) near.add(id);
  } else for (const id of one.parents) all.add(id);
  for (const id of near) if (!all.has(id)) near.delete(id);
  main.replaceChildren(
    el('h2', {}, one.name),
    factLine(one),
    el(
      'div',
      {},
      one.tags.map((tag) => el('span', { class: 'tag' }, tag)),
    ),
    one.description === ''
      ? el('p', { class: 'none' }, 'No description.')
      : el('div', { class: 'description' }, described(one.description)),
    ...upkeepBox(one),
    ...(all.size < 2 ? [] : lineage(all, isNode(one) ? near : null, one.id)),
    ...[names(isNode(one) ? 'Reads' : 'Tests', one.parents), names('Read by', one.children)].filter(
      (line) => line !== null && all.size > 1,
    ),
    ...columnsTable(one),
    ...testList(one),
    ...sqlTabs(one),
  );
}
function stateBlock() {
  if (status === null) return [];
  const { state, lag, logProblem, recordsApplied, deadLetters, lastCompaction, edition } = status;
  const perSecond = isLive ? rate() : null;
  const facts = [
    el('span', { class: `state ${state}` }, state),
    lag === null
      ? `the log does not answer: ${logProblem}`
      : lag === 0
        ? 'at the end of the log'
        : `${counted(lag, 'record')} behind the log`,
    `${counted(recordsApplied, 'record')} applied${perSecond === null ? '' : `, ${number(perSecond)} a second`}`,
    el('span', { class: deadLetters > 0 ? 'warn' : null }, counted(deadLetters, 'dead letter')),
    lastCompaction === null ? 'not compacted yet' : `compacted ${utc(lastCompaction)}`,
    `edition ${edition}`,
  ];
  const when = isLive ? 'live, from the running service' : `as of ${utc(data.generatedAt)}`;
  return [
    el(
      'div',
      { class: 'now' },
      facts.map((fact) => el('span', {}, fact)),
      el('small', {}, when),
    ),
  ];
}
function showAll(unknown) {
  const shown = data.resources.filter((one) => !one.hidden);
  const nodes = shown.filter(isNode);
  const models = shown.filter(({ type }) => type === 'model');
  const counts = TYPES.map(([type, title]) => [shown.filter((one) => one.type === type).length, title.toLowerCase()])
    .filter(([n]) => n > 0)
    .map(([n, title]) => `${n} ${n === 1 ? title.replace(/s$/, '') : title}`);
  main.replaceChildren(
    el('h2', {}, data.project),
    el('div', { class: 'sub' }, counts.join(', '), ` · written ${utc(data.generatedAt)}`),
    ...(unknown === '' ? [] : [el('p', { class: 'missing' }, `There is nothing called ${unknown} here.`)]),
    live('div', {}, stateBlock),
    ...(data.overview === null ? [] : [el('div', { class: 'description' }, described(data.overview))]),
    ...(nodes.length === 0 ? [] : lineage(new Set(nodes.map(({ id }) => id)), null, null)),
    el('h3', {}, 'Models'),
    rowsTable(
      ['Model', 'Stored as', 'Rows', 'State', 'How it is kept current'],
      models.map((one) =>
        el(
          'tr',
          {},
          el('td', {}, link(one)),
          el('td', {}, one.kind),
          live('td', { class: 'n' }, () => [rowsOf(one) === null ? '' : number(rowsOf(one))]),
          live('td', {}, () => [badge(one) ?? '']),
          el('td', {}, one.upkeep === null ? '' : one.upkeep.how),
        ),
      ),
    ),
  );
}
/** dbt's page has `#!/model/ID`; links to it lead here, too. */
function hereId() {
  return decodeURIComponent(location.hash.slice(1)).replace(/^!\/\w+\//, '');
}
function show() {
  const id = hereId();
  const one = byId.get(id);
  if (one === undefined) showAll(id.startsWith('!') ? '' : id);
  else showOne(one);
  document.title = one === undefined ? data.project : `${one.name} · ${data.project}`;
  if (one !== undefined && innerWidth <= 760) search.value = '';
  showList();
  list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  scrollTo(0, 0);
}

search.oninput = showList;
search.onkeydown = (event) => {
  const first = list.querySelector('a');
  if (event.key === 'Enter' && first !== null) location.hash = first.getAttribute('href');
};
onkeydown = (event) => {
  if (event.key !== '/' || event.target === search) return;
  event.preventDefault();
  search.focus();
};
onhashchange = show;
show();
if (location.protocol.startsWith('http')) void askForStatus();
