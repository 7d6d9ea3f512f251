import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { jobQuery, metaQuery, operationsQuery } from '../api/queries';
import { RUN_WORKFLOW } from '../api/types';
import type { OperationSpec } from '../api/types';
import { NewJobForm } from '../job/NewJobForm';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';

const route = getRouteApi('/jobs/new');

function OperationCards({ operations }: { operations: OperationSpec[] }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const meta = useQuery(metaQuery);
  const engines = [...new Set(operations.map((operation) => operation.engine))];
  if (operations.length === 0) return <Empty text={t('newJob.noOperations')} />;
  return (
    <div className="stack">
      {engines.map((engine) => {
        const about = meta.data?.engines.find(({ id }) => id === engine);
        return (
          <section key={engine} aria-labelledby={`engine-${engine}`}>
            <h2 id={`engine-${engine}`}>{about?.title ?? engine}</h2>
            {about ? <p className="muted">{about.summary}</p> : null}
            <ul className="cards">
              {operations
                .filter((operation) => operation.engine === engine)
                .map((operation) => (
                  <li key={operation.id}>
                    <Link
                      to="/jobs/new"
                      search={{ ...search, operation: operation.id }}
                      className="card"
                      data-testid="operation-card"
                      data-operation={operation.id}
                    >
                      <strong>{operation.title}</strong>
                      <span>{operation.summary}</span>
                      <code className="muted">{operation.id}</code>
                    </Link>
                  </li>
                ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

export function NewJobPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const operations = useQuery(operationsQuery);
  const from = useQuery({ ...jobQuery(search.from ?? ''), enabled: search.from !== undefined });
  const wanted = search.operation ?? from.data?.operation;
  const operation = operations.data?.find(({ id }) => id === wanted);
  const isWaiting = operations.isPending || (search.from !== undefined && from.isPending);
  return (
    <>
      <PageHeader
        title={operation ? operation.title : t('newJob.title')}
        summary={operation ? operation.summary : t('newJob.summary')}
        parent={{ to: '/jobs', label: t('nav.jobs') }}
      >
        {operation ? (
          <Link to="/jobs/new" search={{ dataset: search.dataset }}>
            {t('newJob.other')}
          </Link>
        ) : null}
      </PageHeader>
      {operations.error ? (
        <ProblemAlert error={operations.error} onRetry={() => void operations.refetch()} />
      ) : null}
      {isWaiting ? <PageSkeleton /> : null}
      {operations.data && !isWaiting && !operation ? (
        <>
          {wanted ? <p className="upload-failure">{t('newJob.unknown', { id: wanted })}</p> : null}
          <OperationCards operations={operations.data.filter(({ id }) => id !== RUN_WORKFLOW)} />
        </>
      ) : null}
      {operation && !isWaiting ? (
        <NewJobForm
          key={`${operation.id} ${search.from ?? ''}`}
          operation={operation}
          from={from.data}
          start={search.params}
          datasetId={search.dataset}
          modelJobId={search.model}
        />
      ) : null}
    </>
  );
}
