// The models of a job, or of all nodes of a workflow's run, side by side.

import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { isNotFound } from '../api/problem';
import { comparisonQuery } from '../api/modelQueries';
import { useFormat } from '../app/format';
import { compareRows } from '../model/compareRows';
import type { ComparedRow } from '../model/compareRows';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';
import { When } from '../parts/When';

const route = getRouteApi('/models/of/$jobId');

export function ModelComparePage() {
  const { t } = useTranslation();
  const format = useFormat();
  const { jobId } = route.useParams();
  const compared = useQuery(comparisonQuery(jobId));
  const rows = useMemo(() => compareRows(compared.data?.models ?? []), [compared.data]);
  const columns = useMemo(
    (): Column<ComparedRow>[] => [
      {
        id: 'name',
        title: t('model.one'),
        lead: true,
        cell: (row) => (
          <Link to="/models/$modelId" params={{ modelId: row.id }}>
            {row.name}
          </Link>
        ),
      },
      { id: 'algorithm', title: t('model.algorithm'), cell: (row) => row.algorithm },
      { id: 'metric', title: t('model.metric'), cell: (row) => row.metric },
      {
        id: 'score',
        title: t('model.score'),
        numeric: true,
        sortBy: (row) => row.score ?? Number.NEGATIVE_INFINITY,
        descFirst: true,
        cell: (row) => (row.score === null ? t('value.none') : format.number(row.score)),
      },
      { id: 'made', title: t('job.created'), cell: (row) => <When at={row.createdAt} /> },
    ],
    [t, format],
  );
  const isMissing = compared.error && isNotFound(compared.error);
  return (
    <>
      <PageHeader
        title={isMissing ? t('job.notFound') : t('model.comparison')}
        parent={{ to: '/models', label: t('nav.models') }}
        summary={
          <Link to="/jobs/$jobId" params={{ jobId }}>
            {t('job.one')}
          </Link>
        }
      />
      {compared.error ? (
        <ProblemAlert error={compared.error} onRetry={() => void compared.refetch()} />
      ) : null}
      {compared.isPending ? <PageSkeleton /> : null}
      {compared.data ? (
        <div className="panel">
          {rows.length > 0 ? (
            <DataTable
              label={t('model.comparison')}
              columns={columns}
              rows={rows}
              rowKey={(row) => row.id}
              rowTestId="compared-row"
            />
          ) : (
            <Empty text={t('model.noneOfJob')} />
          )}
        </div>
      ) : null}
    </>
  );
}
