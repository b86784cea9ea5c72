import { LensError } from '../core/errors.ts';
import type { Project } from './project-contract.ts';

/**
 * The project in which some models are known to be wrong, by name with the error: a template that raises where dbt would run it, SQL that
 * does not bind, a contract that is broken. They wait, with what reads them, as models do that wait for rows, but no row will mend them.
 */
export function withFaulty(project: Project, errors: ReadonlyMap<string, LensError>): Project {
  const found = [...errors].filter(([name]) => project.models.some((model) => model.name === name));
  if (found.length === 0) return project;
  const faulty = new Map([...project.faulty, ...found]);
  const waiting = new Map(project.waiting);
  for (const { name, path, dependsOn } of project.models) {
    const error = faulty.get(name);
    const above = dependsOn.models.find((one) => waiting.has(one));
    if (error !== undefined) waiting.set(name, faultWords(name, error));
    else if (above !== undefined && !waiting.has(name)) {
      waiting.set(name, `${path}: it reads ${above}, which ${faulty.has(above) ? 'cannot be built' : 'waits'}`);
    }
  }
  return {
    ...project,
    faulty,
    waiting,
    leftOut: new Map([...project.leftOut, ...waiting]),
    withoutSeeds: (broken) => withFaulty(project.withoutSeeds(broken), errors),
    // other answers may make other SQL of it: that is found out again
    answering: (answers) => project.answering(answers),
  };
}

/** Throws what is wrong with the first of its faulty models: for work that needs all of a project. */
export function requireNoneFaulty({ faulty }: Pick<Project, 'faulty'>): void {
  for (const error of faulty.values()) throw error;
}

/** What is wrong with a model, in one line with its place; `inShort` of the error's fields where there is one. */
function faultWords(name: string, error: LensError): string {
  const { inShort } = error.fields;
  const words = typeof inShort === 'string' ? inShort : faultMessage(name, error);
  return `${error.place}: ${words.replaceAll(/\s*\n\s*/g, ' ')}`;
}

/** The message of an error without the model's name before it. */
export function faultMessage(name: string, { message }: LensError): string {
  return message.replace(`model ${name}: `, '');
}

/** Whether it is a template that raised: there is no SQL then. */
export function isOfTemplate(error: unknown): error is LensError {
  return error instanceof LensError && ['MODEL_RENDER_FAILED', 'MODEL_UNKNOWN_REF'].includes(error.code);
}
