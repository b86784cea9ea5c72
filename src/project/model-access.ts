import { LensError } from '../core/errors.ts';
import type { DataTest } from './data-test-contract.ts';
import type { Dependencies, Exposure, Group, Model, Seed } from './project-contract.ts';

/** The parts of a project that refer to models, and what says who may. */
export interface ReferringNodes {
  readonly models: readonly Model[];
  readonly seeds: readonly Seed[];
  readonly tests: readonly DataTest[];
  readonly exposures: readonly Exposure[];
  readonly groups: readonly Group[];
  /** Project and packages with `restrict-access: true`. */
  readonly restricting: ReadonlySet<string>;
  readonly model: (name: string) => Model;
}

interface Referrer {
  readonly uniqueId: string;
  readonly packageName: string;
  readonly group: string | null;
  readonly dependsOn: Dependencies;
  readonly place: string;
}

/**
 * dbt's rules of `access` and `group` (dbt/contracts/graph/manifest.py, is_invalid_private_ref and is_invalid_protected_ref; parser/manifest.py,
 * check_valid_group_config), in its words: PROJECT_INVALID for the first reference that is not allowed. A private model may be read from its
 * group alone, exposures have none; a protected one from its own package, when that has `restrict-access`.
 */
export function requireAccess(nodes: ReferringNodes): void {
  const referrers = [...nodes.models.map(referringModel), ...testsOf(nodes), ...nodes.exposures.map(exposed)];
  requireGroups(nodes, referrers);
  for (const model of nodes.models) {
    if (model.access !== 'public' || model.materialized !== 'ephemeral') continue;
    throw refused(
      `Node ${model.uniqueId} with 'ephemeral' materialization has an invalid value (public) for the access field`,
      { ...model, place: model.describedAt ?? model.path },
      'an ephemeral model is no relation that others could read: make it a view, or protected',
    );
  }
  for (const referrer of referrers) {
    for (const name of referrer.dependsOn.models) {
      const of = nodes.model(name);
      const scope = forbidden(referrer, of, nodes.restricting);
      if (scope === null) continue;
      const why = `which is not allowed because the referenced node is ${of.access} to the ${scope}`;
      const hint =
        of.access === 'private'
          ? `put it into the group, or give ${of.name} another access`
          : `make ${of.name} public, or its package without restrict-access`;
      throw refused(`Node ${referrer.uniqueId} attempted to reference node ${of.uniqueId}, ${why}.`, referrer, hint);
    }
  }
}

/** Whose a model is when it is not for that node; null when it is. */
function forbidden(referrer: Referrer, of: Model, restricting: ReadonlySet<string>): string | null {
  const outside = referrer.packageName !== of.packageName && restricting.has(of.packageName);
  if (of.access === 'private') {
    const sameGroup = referrer.group !== null && referrer.group === of.group;
    return sameGroup && !outside ? null : `'${of.group ?? ''}' group`;
  }
  return of.access === 'protected' && outside ? `'${of.packageName}' package` : null;
}

function requireGroups({ groups, seeds }: ReferringNodes, referrers: readonly Referrer[]): void {
  const names = groups.map(({ name }) => name).sort();
  const grouped = [...seeds.map((seed) => ({ ...seed, place: seed.describedAt ?? seed.path })), ...referrers];
  for (const node of grouped) {
    if (node.group === null || names.includes(node.group)) continue;
    const expected = `[${names.map((name) => `'${name}'`).join(', ')}]`;
    throw refused(
      `Invalid group '${node.group}', expected one of ${expected}`,
      node,
      'declare it under groups: in a yml file, with an owner',
    );
  }
}

function referringModel(model: Model): Referrer {
  return { ...model, place: model.path };
}

/** A generic test is in the group of what it is on, whatever its own configuration says. */
function testsOf({ models, seeds, tests }: ReferringNodes): Referrer[] {
  const groups = new Map([...seeds, ...models].map(({ name, group }) => [name, group]));
  return tests.map((test) => {
    const own = typeof test.fullConfig['group'] === 'string' ? test.fullConfig['group'] : null;
    const attached = test.target !== null && test.target.kind !== 'source';
    return { ...test, group: attached ? (groups.get(test.target.name) ?? null) : own };
  });
}

function exposed(exposure: Exposure): Referrer {
  return { ...exposure, group: null };
}

function refused(message: string, { place }: Pick<Referrer, 'place'>, hint: string): LensError {
  return new LensError('PROJECT_INVALID', message, { place, hint });
}
