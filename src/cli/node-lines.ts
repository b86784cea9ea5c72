import type { NodeProgress, NodeResult, NodeStatus } from '../materializer/nodes/node-results.ts';
import { counted } from './numbers.ts';
import type { Colour, Level, NodeConsole } from './node-console.ts';

/** dbt's width of a line up to its status. */
const WIDTH = 80;

const LEVELS: Readonly<Record<NodeStatus, Level>> = {
  success: 'info',
  pass: 'info',
  warn: 'warn',
  fail: 'error',
  error: 'error',
  skipped: 'info',
};

/**
 * Prints how far a command is, a line for each thing that begins or ends.
 *
 * @param withGap a blank line behind the first one
 */
export function progressPrinter(console: NodeConsole, withGap = true): (progress: NodeProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'begin':
        console.line(
          `Found ${progress.found.map(({ count, kind }) => counted(count, kind, kind === 'analysis' ? 'analyses' : undefined)).join(', ')}`,
        );
        if (withGap) console.gap();
        return;
      case 'start': {
        const { index, total, node } = progress;
        const text = statusLine(`START ${node.description}`, 'RUN', index, total);
        const isHook = node.resourceType === 'operation';
        console.line(text, {
          name: isHook ? 'LogHookStartLine' : 'LogStartLine',
          code: isHook ? 'Q032' : 'Q011',
          data: { index, total, ...nodeData(node, 'started') },
        });
        return;
      }
      case 'said':
        if (progress.printed) console.print(progress.text);
        else console.line(progress.text, { name: 'JinjaLogInfo', code: 'I062' });
        return;
      case 'result':
        printResult(console, progress.result, progress.index, progress.total);
        return;
      default:
        progress satisfies never;
    }
  };
}

function printResult(console: NodeConsole, result: NodeResult, index: number, total: number): void {
  const { status, resourceType, seconds } = result;
  const data = {
    index,
    total,
    status,
    execution_time: seconds,
    num_failures: result.failures,
    ...nodeData(result, status),
  };
  if (resourceType === 'operation') return printHook(console, result, index, total, data);
  if (status === 'skipped') {
    const isRelation = resourceType === 'model' || resourceType === 'seed';
    const what = isRelation ? `relation ${result.description.split(' ').at(-1)}` : result.description;
    const text = statusLine(`SKIP ${what}`, console.paint('yellow', 'SKIP'), index, total);
    console.line(text, { name: 'SkippingDetails', code: 'Q034', data });
    return;
  }
  const label = labelOf(result);
  const outcome = outcomeOf(result, label);
  const painted = console.paint(colourOf(status), outcome.status);
  const text = statusLine(`${outcome.label} ${outcome.words}`, `${painted} in ${seconds.toFixed(2)}s`, index, total);
  const [name, code] = EVENTS[resourceType];
  console.line(text, { name, code, level: LEVELS[status], data });
}

const EVENTS: Readonly<Record<NodeResult['resourceType'], readonly [string, string]>> = {
  model: ['LogModelResult', 'Q012'],
  seed: ['LogSeedResult', 'Q016'],
  test: ['LogTestResult', 'Q007'],
  unit_test: ['LogTestResult', 'Q007'],
  operation: ['LogHookEndLine', 'Q033'],
};

const HOOK_WORDS: Partial<Record<NodeStatus, string>> = { success: 'OK', skipped: 'SKIP' };

/** `1 of 2 OK hook: shop.on-run-start.0 ... [OK in 0.02s]`, at level info whatever came of it, as in dbt. */
function printHook(
  console: NodeConsole,
  result: NodeResult,
  index: number,
  total: number,
  data: Readonly<Record<string, unknown>>,
): void {
  const { status, description, seconds, resourceType } = result;
  const word = HOOK_WORDS[status] ?? 'ERROR';
  const painted = console.paint(colourOf(status), word);
  const text = statusLine(`${word} ${description}`, `${painted} in ${seconds.toFixed(2)}s`, index, total);
  const [name, code] = EVENTS[resourceType];
  console.line(text, { name, code, data });
}

function outcomeOf(result: NodeResult, label: string): ModelOutcome {
  const { resourceType, status, description, message } = result;
  if (resourceType === 'model') return modelOutcome(result);
  if (resourceType !== 'seed') return { label, words: wordsOf(result), status: label };
  if (status === 'error') return { label: 'ERROR loading', words: description, status: 'ERROR' };
  const loaded = 'code' in result.adapterResponse;
  return { label: loaded ? 'OK loaded' : 'OK kept', words: description, status: message ?? 'OK' };
}

/** `OK kept sql table model main.x` with `3 rows`: what has become of a model, by its upkeep since the command began. */
function modelOutcome({ status, description, rowsChanged, adapterResponse }: NodeResult): ModelOutcome {
  if (status === 'error') return { label: 'ERROR keeping', words: description, status: 'ERROR' };
  const rebuilt = adapterResponse['rebuilt'] === true;
  const changed = rowsChanged === null || rowsChanged === 0 ? 'OK' : `OK, ${counted(rowsChanged, 'row')} changed`;
  return { label: rebuilt ? 'OK created' : 'OK kept', words: description, status: changed };
}

interface ModelOutcome {
  readonly label: string;
  readonly words: string;
  /** In brackets. */
  readonly status: string;
}

/** A data test by its name, a unit test as `MODEL::NAME`. */
function wordsOf({ resourceType, name, description }: NodeResult): string {
  return resourceType === 'unit_test' ? description.replace('unit_test ', '') : name;
}

/** `PASS`, `FAIL 3`: what stands before a node's name and in its brackets. */
function labelOf({ status, failures }: NodeResult): string {
  if (status === 'warn' || status === 'fail') return `${status.toUpperCase()} ${failures ?? 0}`;
  return status === 'success' ? 'OK' : status.toUpperCase();
}

function colourOf(status: NodeStatus): Colour {
  if (status === 'warn' || status === 'skipped') return 'yellow';
  return status === 'fail' || status === 'error' ? 'red' : 'green';
}

/** `3 of 9 PASS not_null_x ......... [PASS in 0.02s]`. */
export function statusLine(message: string, status: string, index: number, total: number): string {
  return `${`${index} of ${total} ${message} `.padEnd(WIDTH, '.')} [${status}]`;
}

function nodeData(
  node: { uniqueId: string; name: string; path: string; resourceType: string },
  status: string,
): object {
  return {
    node_info: {
      unique_id: node.uniqueId,
      node_name: node.name,
      node_path: node.path,
      resource_type: node.resourceType,
      node_status: status,
    },
  };
}
