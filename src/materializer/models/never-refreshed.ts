import type { Model } from '../../project/project-contract.ts';

/** dbt's `full_refresh: false`: a full refresh leaves the model's rows as they are. */
export function neverRefreshed({ config }: Pick<Model, 'config'>): boolean {
  return config['full_refresh'] === false;
}
