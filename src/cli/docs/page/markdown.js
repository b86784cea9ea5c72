// Markdown of descriptions (https://github.github.com/gfm/: what descriptions use of it), as a tree of [tag, attributes,
// ...children] and texts. HTML in it stays text, and images are links: the page asks nothing of anybody.

/** @param {string} text */
export function markdown(text) {
  return blocks(text.replaceAll('\r', '').split('\n'));
}

const LIST_ITEM = /^( *)([-*+]|\d{1,9}[.)])(?: +(.*))?$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const NEW_BLOCK = /^ {0,3}(?:#{1,6}\s|>|```|~~~|(?:[-*_] *){3,}$)/;

function blocks(lines) {
  const tree = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i];
    const fence = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    const heading = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/.exec(line);
    const item = LIST_ITEM.exec(line);
    if (line.trim() === '') i++;
    else if (fence !== undefined) {
      const end = lines.findIndex((one, at) => at > i && one.trimStart().startsWith(fence));
      const body = lines.slice(i + 1, end < 0 ? lines.length : end);
      tree.push(['pre', {}, ['code', {}, body.join('\n')]]);
      i += body.length + 2;
    } else if (heading !== null) {
      tree.push([`h${Math.min(6, heading[1].length + 3)}`, {}, ...inline(heading[2])]);
      i++;
    } else if (/^ {0,3}(?:[-*_] *){3,}$/.test(line)) {
      tree.push(['hr', {}]);
      i++;
    } else if (line.startsWith('>')) {
      const quoted = takeWhile(lines, i, (one) => one.startsWith('>'));
      tree.push(['blockquote', {}, ...blocks(quoted.map((one) => one.replace(/^> ?/, '')))]);
      i += quoted.length;
    } else if (line.includes('|') && TABLE_RULE.test(lines[i + 1] ?? '') && lines[i + 1].includes('-')) {
      const rows = takeWhile(lines, i, (one) => one.includes('|'));
      tree.push(table(rows));
      i += rows.length;
    } else if (item !== null) {
      const own = takeWhile(lines, i, (one, at) => at === i || !endsList(one, item, lines[at - 1]));
      tree.push(list(own, item));
      i += own.length;
    } else {
      const own = takeWhile(
        lines,
        i,
        (one, at) => at === i || !(one.trim() === '' || NEW_BLOCK.test(one) || LIST_ITEM.test(one)),
      );
      tree.push(['p', {}, ...inline(own.map((one) => one.trimStart()).join('\n'))]);
      i += own.length;
    }
  }
  return tree;
}

function takeWhile(lines, from, holds) {
  const end = lines.findIndex((line, at) => at >= from && !holds(line, at));
  return lines.slice(from, end < 0 ? lines.length : end);
}

/** Text at the margin behind an empty line, or a list of the other kind. */
function endsList(line, [, indent, mark], before) {
  const item = LIST_ITEM.exec(line);
  if (item !== null && item[1].length <= indent.length) return /\d/.test(item[2]) !== /\d/.test(mark);
  if (NEW_BLOCK.test(line)) return true;
  return before.trim() === '' && line.trim() !== '' && !line.startsWith(`${indent}  `);
}

function list(lines, [, indent, mark]) {
  const items = [];
  for (const line of lines) {
    const item = LIST_ITEM.exec(line);
    if (item !== null && item[1].length <= indent.length) items.push([item[3] ?? '']);
    else items.at(-1).push(line);
  }
  const ordered = /\d/.test(mark);
  const start = Number.parseInt(mark, 10);
  return [
    ordered ? 'ol' : 'ul',
    ordered && start !== 1 ? { start } : {},
    ...items.map((own) => [
      'li',
      {},
      ...tight(blocks(own.map((line, i) => (i === 0 ? line : outdented(line, indent))))),
    ]),
  ];
}

function outdented(line, indent) {
  const spaces = /^ */.exec(line)[0].length;
  return line.slice(Math.min(spaces, indent.length + 2));
}

/** Items of one paragraph are no paragraphs. */
function tight(tree) {
  return tree.flatMap((one, i) => (i === 0 && one[0] === 'p' ? one.slice(2) : [one]));
}

function table([head, rule, ...rows]) {
  const cells = (row) =>
    row
      .trim()
      .replace(/^\|/, '')
      .replace(/(?<!\\)\|$/, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
  const sides = cells(rule).map((cell) => (/^:.*:$/.test(cell) ? 'center' : cell.endsWith(':') ? 'right' : null));
  const row = (line, tag) => [
    'tr',
    {},
    ...cells(line).map((cell, i) => [tag, (sides[i] ?? null) === null ? {} : { align: sides[i] }, ...inline(cell)]),
  ];
  return ['table', {}, ['thead', {}, row(head, 'th')], ['tbody', {}, ...rows.map((line) => row(line, 'td'))]];
}

// code, escape, image or link, address, bold, italic, struck out, end of line
const INLINE =
  /(?<!`)(?<ticks>`+)(?!`)(?<code>[\s\S]*?[^`])\k<ticks>(?!`)|\\(?<escaped>[!-/:-@[-`{-~])|!?\[(?<label>(?:[^[\]\\]|\\.)*)\]\(\s*<?(?<target>[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)>?(?:\s+["'][^"']*["'])?\s*\)|<?(?<url>https?:\/\/[^\s<>()]*[^\s<>().,:;!?"'])>?|(?<bold>\*\*|(?<!\w)__)(?=\S)(?<strong>[\s\S]*?\S)\k<bold>(?!\w)|(?<italic>\*|(?<!\w)_)(?=[^\s*_])(?<soft>[\s\S]*?[^\s*_])\k<italic>(?!\w)|~~(?=\S)(?<struck>[\s\S]*?\S)~~|(?<end> {2,}\n|\\\n)/g;

function inline(text) {
  const tree = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) tree.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    const { code, escaped, label, target, url, strong, soft, struck } = match.groups;
    if (code !== undefined) tree.push(['code', {}, code.replace(/^ (.+) $/, '$1')]);
    else if (escaped !== undefined) tree.push(escaped);
    else if (label !== undefined) tree.push(linkTo(target, inline(label === '' ? target : label)));
    else if (url !== undefined) tree.push(linkTo(url, [url]));
    else if (strong !== undefined) tree.push(['strong', {}, ...inline(strong)]);
    else if (soft !== undefined) tree.push(['em', {}, ...inline(soft)]);
    else if (struck !== undefined) tree.push(['del', {}, ...inline(struck)]);
    else tree.push(['br', {}]);
  }
  if (at < text.length) tree.push(text.slice(at));
  return tree;
}

/** `#!/model/model.shop.orders` is what dbt's own page calls `#model.shop.orders`. */
function linkTo(target, children) {
  const href = target.replace(/^#!\/\w+\//, '#');
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) && !/^(?:https?|mailto):/i.test(href)) return ['span', {}, ...children];
  return ['a', { href, rel: 'noreferrer' }, ...children];
}
