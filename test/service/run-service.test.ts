import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadSettings, type Settings } from '../../src/core/settings.ts';
import { liveService } from '../../src/service/service-file.ts';
import { runService } from '../../src/service/service.ts';
import { projectFolder } from '../project/project-folder.ts';

function settings(): Settings {
  const projectDir = projectFolder({
    'dbt_project.yml': 'name: lab\n',
    'topics/manifest.json': '{}',
    'models/m.sql': 'select 1 as id',
  });
  const dataDir = path.join(mkdtempSync(path.join(tmpdir(), 'lens-service-')), 'data');
  return loadSettings({ flags: { projectDir, dataDir }, env: {} });
}

const onEvent = (): void => undefined;

it('ends with what failed beside it, and gives the warehouse back', async () => {
  const of = settings();
  let ended = false;
  const failing = runService(
    {
      settings: of,
      onEvent,
      beside: () => Promise.reject(new Error('no more events')),
      onEnd: async () => void (ended = true),
    },
    new AbortController().signal,
  );
  await expect(failing).rejects.toThrow('no more events');
  expect([ended, liveService(of.dataDir)]).toEqual([false, undefined]);
  const stop = new AbortController();
  await runService({ settings: of, onEvent, onReady: () => stop.abort() }, stop.signal);
});

it('ends what goes on beside it when it is told to, and then does what is left to do', async () => {
  const of = settings();
  const stop = new AbortController();
  const seen: unknown[] = [];
  await runService(
    {
      settings: of,
      onEvent,
      onReady: (_, port) => seen.push(liveService(of.dataDir)?.port === port),
      beside: async (_, signal) => {
        stop.abort();
        seen.push(signal.aborted);
      },
      onEnd: async ({ materializer }) => void seen.push((await materializer.status()).state),
    },
    stop.signal,
  );
  expect(seen).toEqual([true, true, 'current']);
});
