import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listLines, listSelection, lsCommand } from '../../src/cli/commands/ls.ts';
import { manifestJson } from '../../src/cli/manifest-file.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { selectResources } from '../../src/project/select-resources.ts';
import { SHIPPED } from '../project/project-folder.ts';

interface Kept {
  readonly cases: readonly { readonly args: string[]; readonly ids?: string[]; readonly warnings?: string[] }[];
  readonly outputs: readonly { readonly args: string[]; readonly lines: string[] }[];
}

// what real dbt answered: tools/dbt/selections.py
const kept = JSON.parse(readFileSync(path.join(SHIPPED, 'test/fixtures/dbt-selections.json'), 'utf8')) as Kept;
const project = loadProject(path.join(SHIPPED, 'test/fixtures/rides'));
const manifest = manifestJson(project);

type Flags = Parameters<typeof listSelection>[0];

function flagsOf(args: readonly string[]): Flags {
  const command = lsCommand()
    .exitOverride()
    .action(() => {});
  return command.parse(args, { from: 'user' }).opts<Flags>();
}

describe('ls selects what dbt ls selects', () => {
  it.each(kept.cases)('$args', ({ args, ids, warnings }) => {
    const select = (): ReturnType<typeof selectResources> => selectResources(project, listSelection(flagsOf(args)));
    if (ids === undefined) return expect(select).toThrow();
    const found = select();
    expect(found.resources.map(({ uniqueId }) => uniqueId)).toEqual(ids);
    expect(found.warnings.toSorted()).toEqual(warnings);
  });
});

describe('ls prints what dbt ls prints', () => {
  it.each(kept.outputs)('$args', ({ args, lines }) => {
    const flags = flagsOf(args);
    expect(listLines(selectResources(project, listSelection(flags)).resources, flags, manifest)).toEqual(lines);
  });
});
