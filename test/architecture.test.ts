import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const FILES = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));

/** What each folder of src may import, besides itself: imports point one way. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  warehouse: ['core'],
  project: ['core'],
  log: ['core'],
  topics: ['log', 'core'],
  maintenance: ['project', 'warehouse', 'core'],
  ingest: ['topics', 'log', 'warehouse', 'core'],
  materializer: ['maintenance', 'log', 'topics', 'project', 'warehouse', 'core'],
  service: ['materializer', 'maintenance', 'log', 'topics', 'project', 'warehouse', 'core'],
  cli: ['service', 'ingest', 'materializer', 'maintenance', 'log', 'topics', 'project', 'warehouse', 'core'],
};

/** The folders of src/materializer: each may import those before it. The files beside them put the folders together. */
const MATERIALIZER = [
  'models',
  'seeds',
  'dead-letters',
  'gates',
  'status',
  'nodes',
  'hooks',
  'changes',
  'editions',
  'unit-tests',
  'verification',
  'lineage',
  'runs',
];

/** Outside packages, and the only folder that may import each. */
const CONFINED: readonly (readonly [RegExp, string])[] = [
  [/^kafkajs/, 'src/log/kafka/'],
  [/^@duckdb\//, 'src/warehouse/'],
  [/^avsc$/, 'src/topics/'],
  [/^(snappy|lz4-napi)$/, 'src/log/'],
  [/^@huggingface\/jinja$/, 'src/project/'],
  [/^(commander|cli-progress)$/, 'src/cli/'],
  [/^node:sqlite$/, 'src/log/embedded/'],
];

function importsOf(file: string): string[] {
  const source = readFileSync(path.join(ROOT, file), 'utf8');
  const matches = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g,
  );
  return [...matches].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

/** A file with all that is loaded when it is: other files of src, and packages. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const source = readFileSync(path.join(ROOT, file), 'utf8');
  const statements = source.matchAll(/(?:^|\n)(?:import|export)\s+(?!type\b)([^'"`;]*?)from\s+'([^']+)'/g);
  for (const [, names = '', target = ''] of statements) {
    const types = /^\{([^}]*)\}/
      .exec(names)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '') ?? [''];
    if (types.every((name) => name.trim().startsWith('type '))) continue;
    if (target.startsWith('.')) loadedWith(path.posix.join(path.posix.dirname(file), target), found);
    else found.add(target);
  }
  return found;
}

/** The folder of src/materializer that a file is in, if any. */
function partOf(file: string): string | undefined {
  return /^src\/materializer\/([^/]+)\//.exec(file)?.[1];
}

function violations(file: string): string[] {
  const folder = file.split('/')[1] as string;
  return importsOf(file).flatMap((target) => {
    if (!target.startsWith('.')) {
      const rule = CONFINED.find(([pattern]) => pattern.test(target));
      return rule === undefined || file.startsWith(rule[1])
        ? []
        : [`${file} imports ${target}, which belongs in ${rule[1]}`];
    }
    const resolved = path.posix.join(path.posix.dirname(file), target);
    const to = resolved.split('/')[1] as string;
    if (!resolved.startsWith('src/')) return [`${file} imports ${target} from outside of src`];
    const [part, toPart] = [partOf(file), partOf(resolved)];
    if (part !== undefined && toPart !== undefined && MATERIALIZER.indexOf(toPart) > MATERIALIZER.indexOf(part)) {
      return [`${file} imports ${toPart}/`];
    }
    return to === folder || MAY_IMPORT[folder]?.includes(to) ? [] : [`${file} imports ${to}/`];
  });
}

describe('architecture', () => {
  it('finds the source and its imports', () => {
    expect(FILES.length).toBeGreaterThan(40);
    expect(importsOf('src/materializer/materializer.ts')).toContain('./edition.ts');
  });

  it('imports point one way, and outside packages stay in their layer', () => {
    expect(FILES.flatMap(violations)).toEqual([]);
  });

  it('what the service answers, and lists of the project, load neither DuckDB nor the way of a batch', () => {
    const heavy = /^@duckdb|^kafkajs|materializer\/(edition|materializer|warehouse-reader)\.ts$/;
    const found = [
      'main',
      'commands/ls',
      'commands/parse',
      'commands/query',
      'commands/status',
      'commands/lag',
    ].flatMap((name) =>
      [...loadedWith(`src/cli/${name}.ts`)].filter((one) => heavy.test(one)).map((one) => `${name}: ${one}`),
    );
    expect(found).toEqual([]);
    expect([...loadedWith('src/service/runtime.ts')].some((one) => one.startsWith('@duckdb'))).toBe(true);
  });

  it('every folder of src has its rule', () => {
    expect(
      [...new Set(FILES.map((file) => file.split('/')[1]))].filter((folder) => !((folder as string) in MAY_IMPORT)),
    ).toEqual([]);
    const parts = new Set(FILES.map(partOf).filter((part) => part !== undefined));
    expect([...parts].sort()).toEqual([...MATERIALIZER].sort());
  });

  it('the documentation names files that are there', () => {
    const there = globSync(['{src,test,bench,tools}/**/*.*'], { cwd: ROOT }).map((file) => `/${file}`);
    const named = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).flatMap((page) =>
      [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(/`([\w./-]+\.(?:ts|sh))`/g)].map(
        (match) => [page, match[1] as string] as const,
      ),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(([, file]) => !there.some((one) => one.endsWith(`/${file}`)))).toEqual([]);
  });

  it('knows nothing of the shipped project outside of ingest', () => {
    const names = /\b(raw_)?(prompts?|generations?|diffusiondb|embeddings?)\b/i;
    const found = FILES.filter((file) => !file.startsWith('src/ingest/') && !file.startsWith('src/cli/')).filter(
      (file) =>
        readFileSync(path.join(ROOT, file), 'utf8')
          .split('\n')
          // A comment may give an example.
          .some((line) => !/^\s*(\/?\*|\/\/)/.test(line) && names.test(line)),
    );
    expect(found).toEqual([]);
  });

  it('keeps files under 300 lines', () => {
    const long = FILES.filter((file) => readFileSync(path.join(ROOT, file), 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });
});
