import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const sections = page.split(/^### /m).slice(1);

/** `lens ingest prompts`, ...: the commands that do something. */
function commandsOf(command: Command, before: string): { name: string; command: Command }[] {
  const name = `${before}${command.name()}`;
  if (command.commands.length === 0) return [{ name, command }];
  return command.commands.flatMap((sub) => commandsOf(sub, `${name} `));
}

const program = await buildProgram();
const commands = commandsOf(program, '');

test('every command is documented, and each documented command exists', () => {
  const documented = sections.map((section) => section.split('\n')[0]);
  expect([...documented].sort()).toEqual(commands.map(({ name }) => name).sort());
});

test.each(commands)('$name has an example on the page and in its help', ({ name, command }) => {
  const section = sections.find((one) => one.startsWith(`${name}\n`)) ?? '';
  const examples = [...section.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].map(([, text]) => text ?? '').join('');
  expect(examples).toContain(name);
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  expect(help).toContain('Examples:');
});

test('the page names the flags of each command and no other', () => {
  const known = new Set(
    commands.flatMap(({ command }) => [...command.options, ...(command.parent?.options ?? [])]).map(({ long }) => long),
  );
  for (const option of program.options) known.add(option.long);
  known.add('--help');
  const written = new Set(page.match(/--[a-z][a-z-]+/g));
  expect([...written].filter((flag) => !known.has(flag))).toEqual([]);
  const unwritten = commands.flatMap(({ name, command }) => command.options.map(({ long }) => `${name} ${long}`));
  const own = new Set(['--help', '--limit', '--timeout', '--days', '--force', '--partition']);
  for (const flag of unwritten) {
    const long = flag.slice(flag.indexOf('--'));
    if (!own.has(long)) expect(page, flag).toContain(long);
  }
});
