import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import { projectAnsweredBy } from '../materializer/answered-project.ts';
import type { EventSink } from '../materializer/events.ts';
import { type Ask, askWith } from '../materializer/models/template-answers.ts';
import type { Project } from '../project/project-contract.ts';
import { withWarehouseReads } from './hold-warehouse.ts';
import { openCatalog, openProject } from './open-project.ts';

/**
 * The project of the settings' folder, with what the warehouse keeps of the rows that its templates ask for, or has now. Where there is no
 * warehouse, and for a project that asks for none, nothing is opened.
 */
export async function presentProject(settings: Settings, onEvent: EventSink): Promise<Project> {
  const project = await openProject(settings);
  if (project.asked.size === 0) return project;
  try {
    return await withWarehouseReads(settings, onEvent, (operations) => {
      const ask: Ask = askWith((sql, sink) => operations.streamQuery(sql, { maxRows: ALL }, sink));
      return projectAnsweredBy(ask, { project, catalog: openCatalog(settings) });
    });
  } catch (error) {
    if (error instanceof LensError && error.code === 'WAREHOUSE_MISSING') return project;
    throw error;
  }
}

const ALL = Number.MAX_SAFE_INTEGER;
