import { randomUUID } from 'node:crypto';

/** One command, or one start of the service, as dbt's log lines, artifacts and templates name it. */
export interface Invocation {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly startedAt: string;
}

/** That of this process. */
export const INVOCATION: Invocation = {
  id: randomUUID(),
  startedAt: new Date(Date.now() - performance.now()).toISOString(),
};
