import type { Command } from 'commander';

/** Every command by its name, as the help of `lens` groups them; each is loaded when it is needed. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<Command>>>>> = {
  'Keep models current': {
    demo: async () => (await import('./commands/demo.ts')).demoCommand(),
    start: async () => (await import('./commands/start.ts')).startCommand(),
    run: async () => (await import('./commands/run.ts')).runCommand(),
    build: async () => (await import('./commands/build.ts')).buildCommand(),
    seed: async () => (await import('./commands/seed.ts')).seedCommand(),
    'run-operation': async () => (await import('./commands/run-operation.ts')).runOperationCommand(),
    retry: async () => (await import('./commands/retry.ts')).retryCommand(),
    compact: async () => (await import('./commands/compact.ts')).compactCommand(),
  },
  'Ask what is there': {
    query: async () => (await import('./commands/query.ts')).queryCommand(),
    show: async () => (await import('./commands/show.ts')).showCommand(),
    status: async () => (await import('./commands/status.ts')).statusCommand(),
    lag: async () => (await import('./commands/lag.ts')).lagCommand(),
    freshness: async () => (await import('./commands/freshness.ts')).freshnessCommand(),
    source: async () => (await import('./commands/freshness.ts')).sourceCommand(),
    explain: async () => (await import('./commands/explain.ts')).explainCommand(),
    why: async () => (await import('./commands/why.ts')).whyCommand(),
  },
  'Prove it': {
    test: async () => (await import('./commands/test.ts')).testCommand(),
    verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  },
  'Change it': {
    plan: async () => (await import('./commands/plan.ts')).planCommand(),
    apply: async () => (await import('./commands/apply.ts')).applyCommand(),
    rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand(),
    editions: async () => (await import('./commands/editions.ts')).editionsCommand(),
  },
  'The log': {
    topics: async () => (await import('./commands/topics.ts')).topicsCommand(),
    produce: async () => (await import('./commands/produce.ts')).produceCommand(),
    consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
    dlq: async () => (await import('./commands/dlq.ts')).dlqCommand(),
    ingest: async () => (await import('./commands/ingest.ts')).ingestCommand(),
  },
  'The project': {
    init: async () => (await import('./commands/init.ts')).initCommand(),
    ls: async () => (await import('./commands/ls.ts')).lsCommand(),
    compile: async () => (await import('./commands/compile.ts')).compileCommand(),
    parse: async () => (await import('./commands/parse.ts')).parseCommand(),
    docs: async () => (await import('./commands/docs.ts')).docsCommand(),
    deps: async () => (await import('./commands/parse.ts')).depsCommand(),
    debug: async () => (await import('./commands/debug.ts')).debugCommand(),
    clean: async () => (await import('./commands/clean.ts')).cleanCommand(),
  },
  'Of dbt, and not run here': {
    snapshot: async () => (await import('./commands/verbs-not-run.ts')).snapshotCommand(),
    clone: async () => (await import('./commands/verbs-not-run.ts')).cloneCommand(),
  },
};

export function commandNames(): string[] {
  return Object.values(COMMANDS).flatMap((group) => Object.keys(group));
}
