import type { NodeProgress, NodeResult, NodeStatus } from '../materializer/node-results.ts';
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

/** Prints how far a command is, a line for each thing that begins or ends. */
export function progressPrinter(console: NodeConsole): (progress: NodeProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'begin':
        console.line(`Found ${progress.found.map(({ count, kind }) => counted(count, kind)).join(', ')}`);
        console.gap();
        return;
      case 'start': {
        const { index, total, node } = progress;
        const text = statusLine(`START ${node.description}`, 'RUN', index, total);
        console.line(text, {
          name: 'LogStartLine',
          code: 'Q011',
          data: { index, total, ...nodeData(node, 'started') },
        });
        return;
      }
      case 'result':
        printResult(console, progress.result, progress.index, progress.total);
        return;
      default:
        progress satisfies never;
    }
  };
}

function printResult(console: NodeConsole, result: NodeResult, index: number, total: number): void {
  const { status, resourceType } = result;
  const seconds = secondsOf(result);
  const data = {
    index,
    total,
    status,
    execution_time: seconds,
    num_failures: result.failures,
    ...nodeData(result, status),
  };
  if (status === 'skipped') {
    const what = resourceType === 'model' ? `relation ${result.description.split(' ').at(-1)}` : result.description;
    const text = statusLine(`SKIP ${what}`, console.paint('yellow', 'SKIP'), index, total);
    console.line(text, { name: 'SkippingDetails', code: 'Q034', data });
    return;
  }
  const label = labelOf(result);
  const words = resourceType === 'test' || resourceType === 'unit_test' ? result.name : result.description;
  const painted = console.paint(colourOf(status), label);
  const text = statusLine(`${label} ${words}`, `${painted} in ${seconds.toFixed(2)}s`, index, total);
  const [name, code] = resourceType === 'model' ? ['LogModelResult', 'Q012'] : ['LogTestResult', 'Q007'];
  console.line(text, { name, code, level: LEVELS[status], data });
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
function statusLine(message: string, status: string, index: number, total: number): string {
  return `${`${index} of ${total} ${message} `.padEnd(WIDTH, '.')} [${status}]`;
}

/** How long a node took, in seconds. */
export function secondsOf({ startedAt, completedAt }: NodeResult): number {
  return (Date.parse(completedAt) - Date.parse(startedAt)) / 1000;
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
