import type { Config } from './config-tree.ts';
import { twice } from './model-files.ts';
import type { Group } from './project-contract.ts';
import type { ProjectPart } from './project-part.ts';
import type { YamlFile } from './yaml-file.ts';

/** The `groups:` of all yml files, by name. PROJECT_INVALID for one without an owner or with the name of another. */
export function loadGroups(yamls: readonly YamlFile[], { file, engine }: ProjectPart): Group[] {
  const groups = new Map<string, Group>();
  for (const yaml of yamls) {
    const list = yaml.list(yaml.record(yaml.data, [])['groups'], ['groups']);
    for (const [i, entry] of list.entries()) {
      const at = ['groups', i];
      const place = yaml.place(at);
      const data = yaml.record(engine.yaml(yaml.record(entry, at), place), at);
      const name = yaml.string(data['name'], [...at, 'name']);
      const owner = yaml.record(data['owner'], [...at, 'owner']);
      if (Object.keys(owner).length === 0)
        throw yaml.invalid(at, `the group ${name} has no owner`, 'write owner: {name: ..., email: ...}');
      const other = groups.get(name);
      if (other !== undefined) throw twice('group', name, other.place, place);
      groups.set(name, {
        name,
        uniqueId: `group.${file.name}.${name}`,
        packageName: file.name,
        path: yaml.path,
        place,
        description: yaml.string(data['description'], [...at, 'description'], ''),
        owner,
        config: yaml.record(data['config'], [...at, 'config']),
      });
    }
  }
  return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The group that a configuration names. */
export function groupOf(config: Config): string | null {
  return typeof config['group'] === 'string' ? config['group'] : null;
}
