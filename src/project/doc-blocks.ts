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
