import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { RowSource } from '../maintenance/answer-question.ts';
import { inlineSql } from '../maintenance/inline-sql.ts';
import type { EventSink } from '../materializer/events.ts';
import { relationsSoFar } from '../materializer/input-tables.ts';
import { askRows, askWith } from '../materializer/models/template-answers.ts';
import { compileInline, qualified } from '../project/compile.ts';
import type { Analysis, Project } from '../project/project-contract.ts';
import type { Answers } from '../project/questions.ts';
import { withWarehouseReads } from './hold-warehouse.ts';
import { openCatalog } from './open-project.ts';

/**
 * The SQL of a template that no relation is kept by: given on the command line, or an analysis. What it asks of rows is answered by the warehouse as it is now, over empty tables
 * where there is none; a template that asks nothing opens nothing.
 */
export function inlineQuery(
  settings: Settings,
  project: Project,
  template: string | Analysis,
  onEvent: EventSink,
): Promise<string> {
  const rows: RowSource = async (query) => {
    try {
      return await withWarehouseReads(settings, onEvent, (operations) =>
        askRows(
          askWith((sql, sink) => operations.streamQuery(sql, { maxRows: Number.MAX_SAFE_INTEGER }, sink)),
          query,
        ),
      );
    } catch (error) {
      if (error instanceof LensError && error.code === 'WAREHOUSE_MISSING') return null;
      throw error;
    }
  };
  const render = (answers: Answers): string =>
    typeof template === 'string'
      ? compileInline(project, template, qualified, answers)
      : template.sql(qualified, answers);
  return inlineSql(project, render, (one) => relationsSoFar(openCatalog(settings), one), rows);
}
