import type { Dependencies, Project } from '../project/project-contract.ts';
import type { AnalysedModel } from './analysed-model.ts';
import type { Relation } from './maintenance-plan.ts';

/** The tables that a SELECT names, where its plan does not tell: any change of theirs may touch any row. */
export function withNamedReads(
  project: Project,
  tables: Iterable<Relation>,
  reader: { readonly dependsOn: Dependencies },
  analysed: AnalysedModel,
): AnalysedModel {
  const { reason } = analysed;
  if (analysed.inputs.length > 0 || reason === null) return analysed;
  const stored = [...tables];
  const found = new Map<string, Relation>();
  const visit = (at: { readonly dependsOn: Dependencies }): void => {
    for (const name of at.dependsOn.models) {
      const { materialized } = project.model(name);
      if (materialized === 'view' || materialized === 'ephemeral') visit(project.model(name));
    }
    for (const relation of stored) {
      const { models, sources, seeds } = at.dependsOn;
      if ([...models, ...sources, ...seeds].includes(relation.name)) found.set(relation.name, relation);
    }
  };
  visit(reader);
  const reads = [...found.values()];
  return {
    ...analysed,
    reads: reads.map((relation) => ({ ...relation, columns: [] })),
    inputs: reads.map((relation) => ({
      relation,
      columns: [],
      unread: [],
      uses: [],
      unique: false,
      carriesKey: false,
      whole: reason,
    })),
  };
}
