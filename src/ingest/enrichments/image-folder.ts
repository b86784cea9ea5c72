import { readdirSync } from 'node:fs';
import path from 'node:path';
import { LensError, messageOf } from '../../core/errors.ts';
import type { EnrichmentProvider } from './provider.ts';

/**
 * Links prompts to the files of a folder and its subfolders whose name is the prompt's image_name. `image_path` is the
 * folder as given, then the file's place in it, with forward slashes: a relative folder gives relative paths.
 * INPUT_UNREADABLE when the folder cannot be listed.
 */
export function imageFolder(folder: string): EnrichmentProvider {
  const places = filesByName(folder);
  return {
    kind: 'image',
    name: 'image-folder',
    enrich: async (prompts) =>
      prompts.map(({ imageName }) => {
        const place = imageName === null ? undefined : places.get(imageName);
        return place === undefined ? null : { image_path: place };
      }),
  };
}

function filesByName(folder: string): Map<string, string> {
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
    const places = files.map((entry) => path.join(entry.parentPath, entry.name).replaceAll(path.sep, '/')).sort();
    // Of two files with one name, the first in the order of their paths counts.
    return new Map(places.toReversed().map((place) => [path.posix.basename(place), place]));
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot list the images: ${messageOf(error)}`, {
      place: folder,
      hint: 'give a folder of images named as in image_name',
      cause: error,
    });
  }
}
