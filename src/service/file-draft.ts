import type { Project, Seed, SourceTable } from '../project/project-contract.ts';
import { type DraftContract, isDeclared, schemaOf } from '../topics/init-contract.ts';
import { fieldOfType } from '../topics/init-types.ts';
import type { TableFile, TableFiles } from '../warehouse/table-files.ts';
import { declared, doubtsOf, type InitOutcome, keyDoubts, settingsOf, testedKey } from './draft-parts.ts';

interface FileDraft {
  readonly project: Project;
  readonly fromTopic: string | undefined;
  readonly key: readonly string[] | undefined;
}

/** What a table may be called in files. */
export function namesIn(one: SourceTable | Seed): string[] {
  return 'table' in one ? [one.table, one.name] : [one.alias, one.ownName];
}

/** A table by its columns in a file. */
export async function ofFile(
  { project, fromTopic, key: given }: FileDraft,
  one: SourceTable | Seed,
  file: TableFile,
  files: TableFiles,
): Promise<InitOutcome> {
  const isSource = 'table' in one;
  const table = isSource ? one.table : one.alias;
  const topic = fromTopic ?? (isSource ? table : one.name);
  if (isDeclared(project.dir, topic)) return declared(table, topic);
  const said =
    given ?? testedKey(project, isSource ? 'source' : 'seed', isSource ? `${one.sourceName}.${one.name}` : one.name);
  const key = said ?? (await likelyKey(file, files)) ?? [];
  const fields = file.columns.map(({ name, type }) => fieldOfType(name, type, !key.includes(name)));
  const draft: DraftContract = {
    topic,
    table,
    format: 'avro',
    partitions: 1,
    settings: settingsOf(key),
    ...schemaOf(topic, fields, key),
    from: `from ${file.place}`,
    doubts: [...doubtsOf({ fields, left: [] }), ...(said === null ? likelyDoubts(key) : [])],
  };
  return { table, draft, notes: [] };
}

/** The first column, where it is called like a key and tells the rows apart. */
async function likelyKey(file: TableFile, files: TableFiles): Promise<readonly string[] | null> {
  const first = file.columns[0]?.name;
  if (first === undefined || !/(id|key|code|sku|uuid|number|no)$/i.test(first)) return null;
  return (await files.isUnique(file, first)) ? [first] : null;
}

function likelyDoubts(key: readonly string[]): string[] {
  return key.length === 0
    ? keyDoubts(null)
    : [
        `the key is ${key[0]}, since it tells the rows there apart; with mode: append in its place every record is a row`,
      ];
}
