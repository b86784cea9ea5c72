import { afterEach } from 'vitest';
import type { LensProcess } from './lens-process.ts';

/** Services that a test file's tests push here are killed after each of them. */
export function runningServices(): LensProcess[] {
  const running: LensProcess[] = [];
  afterEach(async () => {
    for (const service of running.splice(0)) {
      service.child.kill('SIGKILL');
      await service.result;
    }
  });
  return running;
}
