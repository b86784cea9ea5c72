import type { DocBlock } from './project-contract.ts';
import type { ProjectFile } from './project-file.ts';
import { filesBelow, fileText } from './project-files.ts';
import { twice } from './model-files.ts';

const BLOCK = /\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g;

/** The texts of `{% docs NAME %}` in the Markdown files of a project or package, for doc() in descriptions. */
export function docBlocks(dir: string, file: ProjectFile): DocBlock[] {
  const blocks = new Map<string, DocBlock>();
  const paths = file.docsPaths.flatMap((folder) => filesBelow(dir, folder, /\.md$/));
  for (const path of new Set(paths)) {
    for (const [, name = '', text = ''] of fileText(dir, path).matchAll(BLOCK)) {
      const other = blocks.get(name);
      if (other !== undefined) throw twice('docs block', name, other.path, path);
      blocks.set(name, { name, uniqueId: `doc.${file.name}.${name}`, packageName: file.name, path, text: text.trim() });
    }
  }
  return [...blocks.values()];
}

/**
 * The blocks that doc() may mean in a part, by `NAME` and by `PACKAGE.NAME`: of one name that of the project, then the part's own, then any.
 *
 * @param packageNames of the project and of the part
 */
export function docsByName(all: readonly DocBlock[], packageNames: readonly string[]): ReadonlyMap<string, DocBlock> {
  const found = new Map<string, DocBlock>();
  const first = packageNames.toReversed().flatMap((name) => all.filter(({ packageName }) => packageName === name));
  for (const block of [...all.toReversed(), ...first]) {
    found.set(block.name, block);
    found.set(`${block.packageName}.${block.name}`, block);
  }
  return found;
}

const CALL = /\{\{-?\s*doc\(\s*(?:(['"])([^'"]*)\1\s*,\s*)?(['"])([^'"]*)\3\s*,?\s*\)\s*-?\}\}/g;

/** Unique ids of the blocks of which a description consists, in its order: dbt's `doc_blocks`. */
export function docBlocksIn(description: string, docs: ReadonlyMap<string, DocBlock>): string[] {
  return [...description.matchAll(CALL)].flatMap(([, , from, , name = '']) => {
    const block = docs.get(from === undefined ? name : `${from}.${name}`);
    return block === undefined ? [] : [block.uniqueId];
  });
}
