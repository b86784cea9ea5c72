import type { ProjectFile } from './project-file.ts';
import { filesBelow, fileText } from './project-files.ts';
import { twice } from './model-files.ts';

const BLOCK = /\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g;

/** The texts of `{% docs NAME %}` in the Markdown files of the project, for doc() in descriptions. */
export function docBlocks(dir: string, file: ProjectFile): ReadonlyMap<string, string> {
  const blocks = new Map<string, { path: string; text: string }>();
  const paths = file.docsPaths.flatMap((folder) => filesBelow(dir, folder, /\.md$/));
  for (const path of new Set(paths)) {
    for (const [, name = '', text = ''] of fileText(dir, path).matchAll(BLOCK)) {
      const other = blocks.get(name);
      if (other !== undefined) throw twice('docs block', name, other.path, path);
      blocks.set(name, { path, text: text.trim() });
    }
  }
  return new Map([...blocks].map(([name, { text }]) => [name, text]));
}
