import { readFileSync } from 'node:fs';
import type { DocsData } from './docs-data.ts';

/** One file with everything in it: it needs no server, and nothing from elsewhere. */
export function docsPage(data: DocsData): string {
  // within a script element, `<` could end it
  const json = JSON.stringify(data).replaceAll('<', String.raw`\u003c`);
  const script = ['markdown.js', 'lineage.js', 'main.js'].map(asScope).join('\n');
  return part('index.html')
    .replaceAll('PROJECT', () => data.project.replaceAll('&', '&amp;').replaceAll('<', '&lt;'))
    .replace('/* STYLE */', () => part('style.css'))
    .replace('/* SCRIPT */', () => script)
    .replace('"DATA"', () => json);
}

function part(name: string): string {
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
}

/** A module of the page as a scope of its own that leaves what it exports to those after it. */
function asScope(name: string): string {
  const module = part(name);
  const exported = [...module.matchAll(/^export function (\w+)/gm)].map((match) => match[1] as string).join(', ');
  const body = module.replaceAll(/^import .*\n/gm, '').replaceAll(/^export /gm, '');
  return `const { ${exported} } = (() => {\n${body}return { ${exported} };\n})();`;
}
