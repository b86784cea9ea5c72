import { hooksAsMaps, type Operation } from '../hooks.ts';
import { fileText } from '../project-files.ts';
import { fullConfig } from '../resource-config.ts';
import { checksum, NO_CONTRACT, relation, withHooks, type Json, type ManifestContext } from './manifest-nodes.ts';

/** A hook of a project as dbt's manifest has it: artifacts/resources/v1/hook.py of dbt-core. Nothing else refers to it. */
export function operationNode(operation: Operation, { project, createdAt, macros }: ManifestContext): Json {
  const { name, packageName, uniqueId, kind, index, sql, path, writtenConfig } = operation;
  const { access: _access, freshness: _freshness, ...config } = fullConfig('model', operation.config);
  return {
    ...relation(project.schema),
    name,
    resource_type: 'operation',
    package_name: packageName,
    path: `hooks/${name}.sql`,
    original_file_path: './dbt_project.yml',
    unique_id: uniqueId,
    fqn: [packageName, 'hooks', name],
    alias: name,
    checksum: checksum(fileText(project.dir, path)),
    config: hooksAsMaps(config),
    tags: [kind],
    description: '',
    columns: {},
    meta: config['meta'],
    group: config['group'] ?? null,
    docs: config['docs'],
    patch_path: null,
    build_path: null,
    unrendered_config: writtenConfig,
    created_at: createdAt,
    relation_name: null,
    raw_code: sql.trim(),
    doc_blocks: [],
    language: 'sql',
    refs: [],
    sources: [],
    metrics: [],
    functions: [],
    depends_on: { macros: macros.calledBy(withHooks(sql, operation.config), packageName), nodes: [] },
    compiled_path: null,
    contract: NO_CONTRACT,
    index,
  };
}
