import { LensError } from '../../core/errors.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { GateFailure } from './gates.ts';
import { modelFailed } from '../models/model-failed.ts';

/**
 * Where models are rebuilt or compacted there is no record to blame: the model that the test is of fails as a whole, and keeps the
 * rows it has.
 *
 * @param models those that were brought up, in dependency order
 */
export function gateFailed({ gate, text }: GateFailure, models: readonly MaintenancePlan[]): LensError {
  const { test, plan } = gate;
  const read = models.filter(({ model }) => plan.reads.some(({ name }) => name === model));
  const own = read.find(({ model }) => test.target?.kind === 'model' && test.target.name === model) ?? read.at(-1);
  if (own === undefined) throw new LensError('INTERNAL', `data test ${test.name} reads none of the models at hand`);
  return modelFailed(own.model, new Error(`data test ${test.name} with gate: true fails for ${text}`));
}
