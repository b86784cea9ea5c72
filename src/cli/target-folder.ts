import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../core/errors.ts';
import { readProjectFile } from '../project/project-file.ts';

/**
 * The folder of compiled SQL and artifacts, as dbt finds it: `--target-path`, else `DBT_TARGET_PATH`, else `target-path` of
 * dbt_project.yml, else `target`; relative to the project's folder.
 */
export class TargetFolder {
  readonly dir: string;
  /** As dbt writes it on the console. */
  readonly shown: string;

  constructor(projectDir: string, given?: string) {
    this.shown = given ?? (process.env['DBT_TARGET_PATH'] || readProjectFile(projectDir).targetPath);
    this.dir = path.resolve(projectDir, this.shown);
  }

  /** Writes a file whole or not at all; gives why when it cannot be written. */
  write(name: string, text: string): string | null {
    const file = path.join(this.dir, name);
    const aside = `${file}.${process.pid}`;
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(aside, text);
      renameSync(aside, file);
      return null;
    } catch (error) {
      return `${file} is not written: ${messageOf(error)}`;
    }
  }
}
