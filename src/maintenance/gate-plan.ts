import { createHash } from 'node:crypto';
import { compile, qualified } from '../project/compile.ts';
import type { DataTest, Dependencies, Project } from '../project/project-contract.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/** How a data test with `gate: true` is run: what it costs a batch, and whose transaction it may stop. */
export interface GatePlan {
  readonly test: DataTest;
  /** Its failing rows as a model: the key by which they are found for what a batch touches. */
  readonly plan: MaintenancePlan;
  /** Why it is run over all rows whenever a table it reads changes; null where the touched keys are enough. */
  readonly whole: string | null;
  /** `batch` where it reads raw tables and folded models alone; `compaction` where it reads a model that is kept by that. */
  readonly upkeep: 'batch' | 'compaction';
  /** All tables it reads are raw: it can be checked where models are not folded. */
  readonly rawOnly: boolean;
  /** Of its SQL and that of all models it reads: a decision stands for as long as these are the same. */
  readonly fingerprint: string;
}

/** The tests that stop batches: one that only warns stops nothing, nor does one of a model that waits. */
export function gatesOf({ tests, waiting }: Project): DataTest[] {
  return tests.filter(
    ({ config, severity, dependsOn }) =>
      config.gate && severity === 'error' && !dependsOn.models.some((name) => waiting.has(name)),
  );
}

/** @param plan of the test's failing rows */
export function gatePlan(
  project: Project,
  models: readonly MaintenancePlan[],
  test: DataTest,
  plan: MaintenancePlan,
): GatePlan {
  const reads = plan.reads.map(({ name }) => models.find((one) => one.model === name));
  const upkeep = reads.some((read) => read?.upkeep === 'compaction') ? 'compaction' : 'batch';
  const other = upkeep === 'batch' ? -1 : reads.findIndex((read) => read?.upkeep !== 'compaction');
  const between = other < 0 ? null : `reads ${plan.reads[other]?.name}, which changes between compactions`;
  return {
    test,
    plan,
    whole: plan.reason ?? countsAll(test) ?? between,
    upkeep,
    rawOnly: reads.every((read) => read === undefined),
    fingerprint: fingerprintOf(project, test),
  };
}

/** The touched rows tell whether any fails, not how many there are of all. */
function countsAll({ config: { errorIf, failCalc } }: DataTest): string | null {
  const any = /^(!=|<>|>)\s*0$/.test(errorIf.trim()) && failCalc.trim() === 'count(*)';
  return any ? null : `error_if ${errorIf} of ${failCalc} counts all rows`;
}

function fingerprintOf(project: Project, test: DataTest): string {
  const hash = createHash('sha256').update(test.resultSql(qualified));
  const seen = new Set<string>();
  const visit = ({ models }: Dependencies): void => {
    for (const name of models) {
      if (seen.has(name)) continue;
      seen.add(name);
      const model = project.model(name);
      hash.update(`\0${name}\0${compile(project, model, qualified)}`);
      visit(model.dependsOn);
    }
  };
  visit(test.dependsOn);
  return hash.digest('hex').slice(0, 32);
}
