import { exactJson } from '../core/exact-json.ts';
import { LensError } from '../core/errors.ts';
import type { NodeResult } from '../materializer/nodes/node-results.ts';
import { found } from '../materializer/nodes/run-data-tests.ts';
import type { MacroDone, MacroFailure } from '../materializer/hooks/run-macro.ts';
import type { WarehouseReads } from '../materializer/operations.ts';
import type { NamedMacro } from '../project/macro-contract.ts';
import { withWarehouse, withWarehouseReads } from '../service/hold-warehouse.ts';
import { projectSource } from '../service/open-project.ts';
import { noticePrinter } from './event-printer.ts';
import type { NodeCommand, NodeFlags } from './node-command.ts';
import { progressPrinter } from './node-lines.ts';

export interface MacroFlags extends NodeFlags {
  readonly macro: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** `lens run-operation`: calls a macro of the folder's project with whoever holds the warehouse, which is made where there is none. */
export async function runOperation({ macro: name, args }: MacroFlags, nodes: NodeCommand): Promise<void> {
  const { project, facts, console } = nodes;
  const { settings, output } = nodes.invocation;
  const macro = project.hooks.macro(name);
  const printing = progressPrinter(console, false);
  printing(found(project));
  const request = { source: projectSource(settings), macro: name, args: exactJson(args), run: facts };
  const call = (operations: Pick<WarehouseReads, 'operation'>): Promise<MacroDone> =>
    operations.operation({ ...request, onProgress: printing });
  const onEvent = noticePrinter(output);
  const done = await withWarehouseReads(settings, onEvent, call).catch((error: unknown) => {
    if (!(error instanceof LensError) || error.code !== 'WAREHOUSE_MISSING') throw error;
    return withWarehouse(settings, { onEvent, create: true }, call);
  });
  if (done.failure !== null) {
    console.line(failureText(done.failure, macro), {
      name: 'RunningOperationCaughtError',
      code: 'Q001',
      level: 'error',
    });
    process.exitCode = 1;
  }
  const result = resultOf(macro, done);
  nodes.write({ results: [result], milliseconds: result.seconds * 1000 });
}

/** In dbt's words, with where it is and what to do about it. */
function failureText({ kind, message, place, hint }: MacroFailure, { name, path }: NamedMacro): string {
  const where = kind === 'Compilation Error' ? ` in macro ${name} (${path})` : '';
  const lines = [
    ...message.split('\n'),
    ...(place === undefined ? [] : [`at ${place}`]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ];
  const all = [`${kind}${where}`, ...lines.map((line) => `  ${line}`)];
  return `Encountered an error while running operation: ${all.join('\n')}`;
}

function resultOf({ name, uniqueId, path }: NamedMacro, { failure, startedAt, completedAt }: MacroDone): NodeResult {
  return {
    uniqueId,
    resourceType: 'operation',
    name,
    description: `macro ${name}`,
    path,
    status: failure === null ? 'success' : 'error',
    message: null,
    failures: failure === null ? 0 : 1,
    seconds: (Date.parse(completedAt) - Date.parse(startedAt)) / 1000,
    rowsChanged: null,
    startedAt,
    completedAt,
    adapterResponse: {},
    compiledCode: null,
    compiledPath: null,
    relationName: null,
    remarks: [],
  };
}
