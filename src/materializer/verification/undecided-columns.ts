import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';

/** Columns of a model whose values its SQL does not decide, since rows tie: the one that is stored and one made anew may differ, and both are right. */
export interface UndecidedColumns {
  readonly names: readonly string[];
  /** For people: `row_number() where its ORDER BY ties`. */
  readonly why: string;
}

/** Null when its SQL decides all of them. */
export function undecidedColumns({ cautions }: Pick<MaintenancePlan, 'cautions'>): UndecidedColumns | null {
  const open = cautions.filter(({ kind }) => kind === 'order');
  if (open.length === 0) return null;
  const names = [...new Set(open.map(({ column }) => column))];
  return { names, why: [...new Set(open.map(({ what }) => what))].join(', ') };
}
