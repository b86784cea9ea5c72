import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listLines, listSelection, lsCommand } from '../../src/cli/commands/ls.ts';
import { manifestJson } from '../../src/cli/manifest-file.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { readState } from '../../src/project/previous-state.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { selectResources, type Selected } from '../../src/project/select-resources.ts';
import { SHIPPED } from '../project/project-folder.ts';

interface Case {
  readonly args: string[];
  /** Missing: dbt ends with an error. */
  readonly ids?: string[];
  readonly warnings?: string[];
}

interface Kept {
  readonly cases: readonly Case[];
  readonly stateCases: readonly Case[];
  readonly changes: Readonly<Record<string, string | null | readonly (readonly [string, string])[]>>;
  readonly outputs: readonly { readonly args: string[]; readonly lines: string[] }[];
}

const FIXTURES = path.join(SHIPPED, 'test/fixtures');

// what real dbt answered: tools/dbt/selections.py, which applies the changes in the same way
const kept = JSON.parse(readFileSync(path.join(FIXTURES, 'dbt-selections.json'), 'utf8')) as Kept;
const project = loadProject(path.join(FIXTURES, 'rides'));
const changedDir = mkdtempSync(path.join(tmpdir(), 'lens-rides-'));
const changed = changedProject();

afterAll(() => rmSync(changedDir, { recursive: true, force: true }));

function changedProject(): Project {
  cpSync(path.join(FIXTURES, 'rides'), changedDir, { recursive: true });
  for (const [name, said] of Object.entries(kept.changes)) {
    const file = path.join(changedDir, name);
    if (said === null) rmSync(file);
    else if (typeof said === 'string') writeFileSync(file, said);
    else {
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        said.reduce((before, [from, to]) => before.replaceAll(from, to), text),
      );
    }
  }
  return loadProject(changedDir);
}

type Flags = Parameters<typeof listSelection>[0];

function flagsOf(args: readonly string[]): Flags {
  const command = lsCommand()
    .exitOverride()
    .action(() => {});
  return command.parse(args, { from: 'user' }).opts<Flags>();
}

function expectAnswer({ ids, warnings }: Case, select: () => Selected): void {
  if (ids === undefined) return expect(select).toThrow();
  const found = select();
  expect(found.resources.map(({ uniqueId }) => uniqueId)).toEqual(ids);
  expect(found.warnings.toSorted()).toEqual(warnings);
}

describe('ls selects what dbt ls selects', () => {
  it.each(kept.cases)('$args', (asked) => {
    expectAnswer(asked, () =>
      selectResources(project, listSelection(flagsOf(asked.args), { projectDir: project.dir })),
    );
  });
});

describe('ls of a changed project selects what dbt ls selects, by the artifacts of dbt', () => {
  const state = readState(path.join(FIXTURES, 'rides-state'), path.join(FIXTURES, 'rides-state/now'));
  it.each(kept.stateCases)('$args', (asked) => {
    expectAnswer(asked, () =>
      selectResources(changed, { ...listSelection(flagsOf(asked.args), { projectDir: changedDir }), state }),
    );
  });

  it('and by a manifest of our own', () => {
    const own = { ...state, manifest: JSON.parse(JSON.stringify(manifestJson(project))) as Record<string, unknown> };
    for (const asked of kept.stateCases) {
      const selection = listSelection(flagsOf(asked.args), { projectDir: changedDir });
      expectAnswer(asked, () => selectResources(changed, { ...selection, state: own }));
    }
    const same = selectResources(project, { select: ['state:modified', 'state:new'], state: own });
    expect(same.resources).toEqual([]);
  });
});

describe('ls prints what dbt ls prints', () => {
  const manifest = manifestJson(project);
  it.each(kept.outputs)('$args', ({ args, lines }) => {
    const flags = flagsOf(args);
    const { resources } = selectResources(project, listSelection(flags, { projectDir: project.dir }));
    // names of databases are those of the files
    expect(listLines(resources, flags, manifest)).toEqual(lines);
  });
});
