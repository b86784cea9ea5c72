import { createHash } from 'node:crypto';
import type { ColumnDescription, Constraint, Model } from '../project-contract.ts';

type Json = Readonly<Record<string, unknown>>;

/** The columns of a node by name: `ColumnInfo` of dbt's manifest. */
export function columnsOf(columns: readonly ColumnDescription[]): Json {
  return Object.fromEntries(
    columns.map(({ name, description, meta, dataType, constraints, quote, tags, docBlocks }) => [
      name,
      {
        name,
        description,
        meta,
        data_type: dataType,
        constraints: constraints.map(ofColumn),
        quote: quote ? true : null,
        config: { meta, tags },
        tags,
        granularity: null,
        doc_blocks: docBlocks,
      },
    ]),
  );
}

function ofColumn({ type, name, expression }: Constraint): Json {
  return { type, name, expression, warn_unenforced: true, warn_unsupported: true, to: null, to_columns: [] };
}

/** Constraints of the whole model. */
export function constraintsOf({ contract }: Model): Json[] {
  return contract.constraints.map((constraint) => ({ ...ofColumn(constraint), columns: constraint.columns }));
}

/** A contract with dbt's checksum over the columns, their types and constraints: `ModelNode.build_contract_checksum`. */
export function contractOf(model: Model): Json {
  const { enforced, aliasTypes, constraints, columns } = model.contract;
  if (!enforced) return { enforced, alias_types: aliasTypes, checksum: null };
  const parts = columns
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((column) => `|${column.name}${column.dataType}${printed('ColumnLevelConstraint', column.constraints)}`);
  // types of tables are enforced, those of views cannot be
  const enforcing = ['table', 'incremental'].includes(model.materialized);
  const state = `${parts.join('')}${enforcing ? `${model.materialized}${printed('ModelLevelConstraint', constraints)}` : ''}`;
  return { enforced, alias_types: aliasTypes, checksum: createHash('sha256').update(state).digest('hex') };
}

/** As Python prints a list of dbt's constraints. */
function printed(kind: 'ColumnLevelConstraint' | 'ModelLevelConstraint', constraints: readonly Constraint[]): string {
  const text = (value: string | null): string => (value === null ? 'None' : `'${value.replaceAll("'", "\\'")}'`);
  const list = constraints.map(({ type, name, expression, columns }) => {
    const own = kind === 'ModelLevelConstraint' ? `, columns=[${columns.map(text).join(', ')}]` : '';
    return `${kind}(type=<ConstraintType.${type}: '${type}'>, name=${text(name)}, expression=${text(expression)}, warn_unenforced=True, warn_unsupported=True, to=None, to_columns=[]${own})`;
  });
  return `[${list.join(', ')}]`;
}
