import { type Command, Option } from 'commander';
import { RESOURCE_TYPES, type ResourceType } from '../project/resource-graph.ts';

export interface TypeFlags {
  readonly resourceType?: string[];
  readonly resourceTypes?: string[];
  readonly excludeResourceType?: string[];
  readonly excludeResourceTypes?: string[];
}

/** dbt's types that no project has here. */
const OTHERS = ['function', 'metric', 'saved_query', 'semantic_model', 'snapshot'];
const NAMES = [...RESOURCE_TYPES, ...OTHERS, 'default'];

export function addTypeFlags(command: Command): Command {
  return command
    .addOption(new Option('--resource-type <types...>', 'only these').choices([...NAMES, 'all']))
    .addOption(new Option('--resource-types <types...>', 'only these').choices([...NAMES, 'all']).hideHelp())
    .addOption(new Option('--exclude-resource-type <types...>', 'all but these').choices(NAMES))
    .addOption(new Option('--exclude-resource-types <types...>', 'all but these').choices(NAMES).hideHelp());
}

/** Of the types of a command those that the flags name; without any all but analyses, as in dbt. */
export function typesOf(flags: TypeFlags, types: readonly ResourceType[]): readonly ResourceType[] {
  const only = flags.resourceType ?? flags.resourceTypes;
  const but = flags.excludeResourceType ?? flags.excludeResourceTypes ?? [];
  const isMeant = (type: ResourceType): boolean => {
    if (only === undefined || only.includes('default')) return type !== 'analysis' || only?.includes(type) === true;
    return only.includes('all') || only.includes(type);
  };
  return types.filter((type) => isMeant(type) && !but.includes(type) && !but.includes('default'));
}
