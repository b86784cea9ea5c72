import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { Materializer } from '../../src/materializer/materializer.ts';
import type { MaterializerOptions } from '../../src/materializer/materializer-options.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { loadTopics } from '../../src/topics/catalog.ts';

/** The materializer of a process of its own that will be killed, over the folders and files that its first arguments name: PROJECT_DIR LOG_FILE DATA_DIR. */
export async function keptByProcess(
  options: Pick<MaterializerOptions, 'batch' | 'warehouse' | 'onEvent'>,
): Promise<{ materializer: Materializer } & AsyncDisposable> {
  const [projectDir = '', logFile = '', dataDir = ''] = process.argv.slice(2);
  await using opened = new AsyncDisposableStack();
  const log = opened.use(openEmbeddedLog(logFile));
  const materializer = opened.use(
    await Materializer.open({
      project: loadProject(projectDir),
      catalog: loadTopics(projectDir),
      log,
      dataDir,
      group: 'lens',
      bulk: { lagRecords: 1_000_000 },
      compaction: { intervalSeconds: 3600 },
      ...options,
    }),
  );
  const close = opened.move();
  return { materializer, [Symbol.asyncDispose]: () => close.disposeAsync() };
}
