import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { workflowRunsQuery } from '../api/queries';
import type { WorkflowRun } from '../api/types';
import { useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { StateBadge } from '../parts/StateBadge';
import { When } from '../parts/When';

/** The runs of a workflow, by hand and by schedules. */
export function RunList({ workflowId }: { workflowId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const runs = useInfiniteQuery(workflowRunsQuery(workflowId));
  const rows = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useMemo(
    (): Column<WorkflowRun>[] => [
      {
        id: 'run',
        title: t('flow.runOne'),
        lead: true,
        cell: (run) => (
          <Link to="/workflows/runs/$jobId" params={{ jobId: run.job_id }}>
            <When at={run.created_at} />
          </Link>
        ),
      },
      { id: 'state', title: t('job.state'), cell: (run) => <StateBadge state={run.state} /> },
      { id: 'revision', title: t('flow.revision'), numeric: true, cell: (run) => run.revision },
      {
        id: 'cost',
        title: t('job.cost'),
        numeric: true,
        cell: (run) => format.integer(run.cost),
      },
    ],
    [t, format],
  );
  return (
    <Section title={t('flow.runs')} flush>
      {runs.error ? <ProblemAlert error={runs.error} onRetry={() => void runs.refetch()} /> : null}
      {rows.length > 0 ? (
        <>
          <DataTable
            label={t('flow.runs')}
            columns={columns}
            rows={rows}
            rowKey={(run) => run.job_id}
            rowTestId="workflow-run-row"
          />
          <MoreButton {...runs} />
        </>
      ) : (
        <Empty text={t('flow.noRuns')} />
      )}
    </Section>
  );
}
