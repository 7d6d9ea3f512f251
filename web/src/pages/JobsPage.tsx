import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { CirclePlus, Search } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { jobsQuery, operationsQuery } from '../api/queries';
import type { JobFilters } from '../api/queries';
import { JOB_STATES } from '../api/types';
import { usePolling } from '../app/live';
import { TrySample } from '../dataset/samples';
import { JobTable } from '../job/JobTable';
import { MoreButton } from '../parts/MoreButton';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';

const TYPING_MS = 300;
const ACTIVE = 'scheduled,blocked,queued,running,waiting';

const route = getRouteApi('/jobs');

function Filters({ filters }: { filters: JobFilters }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const operations = useQuery(operationsQuery);
  const change = (part: JobFilters) =>
    void navigate({
      search: (before) => ({
        state: (part.state ?? before.state) || undefined,
        operation: (part.operation ?? before.operation) || undefined,
        q: (part.q ?? before.q) || undefined,
      }),
      replace: true,
    });
  const search = useDebouncedCallback((q: string) => change({ q }), TYPING_MS);
  return (
    <div className="filters" role="search" aria-label={t('jobs.filter')}>
      <TextInput
        type="search"
        label={t('jobs.search')}
        leftSection={<Search size={16} aria-hidden />}
        defaultValue={filters.q ?? ''}
        onChange={(event) => search(event.currentTarget.value)}
      />
      <NativeSelect
        label={t('job.state')}
        value={filters.state ?? ''}
        onChange={(event) => change({ state: event.currentTarget.value })}
        data={[
          { value: '', label: t('jobs.anyState') },
          { value: ACTIVE, label: t('jobs.active') },
          ...JOB_STATES.map((state) => ({ value: state, label: t(`state.${state}`) })),
        ]}
      />
      <NativeSelect
        label={t('job.operation')}
        value={filters.operation ?? ''}
        onChange={(event) => change({ operation: event.currentTarget.value })}
        data={[
          { value: '', label: t('jobs.anyOperation') },
          ...(operations.data ?? []).map(({ id, title }) => ({ value: id, label: title })),
        ]}
      />
    </div>
  );
}

export function JobsPage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const refetchInterval = usePolling();
  const jobs = useInfiniteQuery({
    ...jobsQuery(filters),
    refetchInterval,
    placeholderData: keepPreviousData,
  });
  const items = jobs.data?.pages.flatMap((page) => page.items);
  const isFiltered = Boolean(filters.state ?? filters.operation ?? filters.q);
  return (
    <>
      <PageHeader title={t('nav.jobs')} summary={t('jobs.summary')}>
        <Button
          leftSection={<CirclePlus size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/jobs/new" {...props} />}
        >
          {t('nav.newJob')}
        </Button>
      </PageHeader>
      {items?.length === 0 && !isFiltered ? null : <Filters filters={filters} />}
      {jobs.error ? <ProblemAlert error={jobs.error} onRetry={() => void jobs.refetch()} /> : null}
      {jobs.isPending ? <PageSkeleton /> : null}
      {items ? (
        <div className="panel">
          {items.length > 0 ? (
            <>
              <JobTable jobs={items} label={t('nav.jobs')} />
              <MoreButton {...jobs} />
            </>
          ) : (
            <Empty text={isFiltered ? t('jobs.noMatch') : t('home.noJobs')}>
              {isFiltered ? (
                <Button
                  variant="default"
                  renderRoot={(props) => <Link to="/jobs" search={{}} {...props} />}
                >
                  {t('jobs.clear')}
                </Button>
              ) : (
                <TrySample />
              )}
            </Empty>
          )}
        </div>
      ) : null}
    </>
  );
}
