import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Database, Search } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { datasetsQuery } from '../api/queries';
import type { Dataset } from '../api/types';
import { useFormat } from '../app/format';
import { DropArea, FilePicker } from '../dataset/DropZone';
import { UploadList } from '../dataset/UploadList';
import { SampleCards, TrySample } from '../dataset/samples';
import { PROFILE_POLL_MS, useDatasetStates } from '../dataset/state';
import type { DatasetState } from '../dataset/state';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';
import { useUploads } from '../shell/uploadQueue';

const route = getRouteApi('/datasets');

const TYPING_MS = 300;
const TONES = { ready: 'good', profiling: 'info', failed: 'bad' } as const;
const isWaiting = (dataset: Dataset) => !dataset.latest.profiled;

function DatasetTable({ datasets }: { datasets: Dataset[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const states = useDatasetStates(datasets);
  const columns = useMemo(() => {
    const stateOf = (dataset: Dataset): DatasetState => states.get(dataset.id) ?? 'profiling';
    const all: Column<Dataset>[] = [
      {
        id: 'name',
        title: t('dataset.name'),
        lead: true,
        cell: (dataset) => (
          <Link to="/datasets/$datasetId" params={{ datasetId: dataset.id }}>
            {dataset.name}
          </Link>
        ),
      },
      {
        id: 'state',
        title: t('dataset.state'),
        cell: (dataset) => (
          <Badge tone={TONES[stateOf(dataset)]}>{t(`dataset.${stateOf(dataset)}`)}</Badge>
        ),
      },
      {
        id: 'file',
        title: t('dataset.file'),
        minor: true,
        cell: (dataset) => dataset.latest.file_name,
      },
      {
        id: 'rows',
        title: t('dataset.rows'),
        numeric: true,
        cell: ({ latest }) => (latest.rows === null ? null : format.integer(latest.rows)),
      },
      {
        id: 'columns',
        title: t('dataset.columns'),
        numeric: true,
        cell: ({ latest }) => (latest.columns === null ? null : format.integer(latest.columns)),
      },
      {
        id: 'size',
        title: t('dataset.size'),
        numeric: true,
        cell: ({ latest }) => format.bytes(latest.bytes),
      },
      {
        id: 'version',
        minor: true,
        title: t('dataset.version'),
        numeric: true,
        cell: ({ latest }) => format.integer(latest.version),
      },
      {
        id: 'created',
        title: t('dataset.uploaded'),
        cell: ({ latest }) => <When at={latest.created_at} />,
      },
    ];
    return all;
  }, [format, states, t]);
  return (
    <DataTable
      label={t('nav.datasets')}
      columns={columns}
      rows={datasets}
      rowKey={(dataset) => dataset.id}
      rowTestId="dataset-row"
      rowData={(dataset) => ({ 'data-state': states.get(dataset.id) ?? 'profiling' })}
    />
  );
}

function EmptyDatasets() {
  const { t } = useTranslation();
  const uploads = useUploads();
  return (
    <div className="empty drop-empty">
      <Database size={28} aria-hidden className="muted" />
      <p>{t('datasets.drop')}</p>
      <p className="muted small">{t('datasets.formats')}</p>
      <div className="page-actions">
        <FilePicker label={t('datasets.choose')} isMultiple onFiles={uploads.start} />
        <TrySample />
      </div>
    </div>
  );
}

export function DatasetsPage() {
  const { t } = useTranslation();
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const uploads = useUploads();
  const search = useDebouncedCallback((text: string) => {
    void navigate({ search: { q: text || undefined }, replace: true });
  }, TYPING_MS);
  const datasets = useInfiniteQuery({
    ...datasetsQuery(q),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isWaiting)) ? PROFILE_POLL_MS : false,
  });
  const items = datasets.data?.pages.flatMap((page) => page.items);
  const isEmpty = items?.length === 0 && !q;
  return (
    <DropArea onFiles={uploads.start}>
      <PageHeader title={t('nav.datasets')} summary={t('datasets.summary')}>
        {items && !isEmpty ? (
          <FilePicker label={t('datasets.upload')} isMultiple onFiles={uploads.start} />
        ) : null}
      </PageHeader>
      <div className="stack">
        <UploadList />
        {items && !isEmpty ? (
          <div className="filters" role="search" aria-label={t('datasets.filter')}>
            <TextInput
              type="search"
              label={t('datasets.search')}
              leftSection={<Search size={16} aria-hidden />}
              defaultValue={q ?? ''}
              onChange={(event) => search(event.currentTarget.value)}
            />
          </div>
        ) : null}
        {datasets.error ? (
          <ProblemAlert error={datasets.error} onRetry={() => void datasets.refetch()} />
        ) : null}
        {datasets.isPending ? <PageSkeleton /> : null}
        {items ? (
          <div className="panel">
            {items.length > 0 ? (
              <>
                <DatasetTable datasets={items} />
                <MoreButton {...datasets} />
              </>
            ) : null}
            {isEmpty ? <EmptyDatasets /> : null}
            {items.length === 0 && q ? (
              <p className="empty muted">{t('datasets.noMatch', { q })}</p>
            ) : null}
          </div>
        ) : null}
        {isEmpty ? <SampleCards /> : null}
      </div>
    </DropArea>
  );
}
