import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { modelsQuery } from '../api/modelQueries';
import type { ModelFilters } from '../api/modelQueries';
import { operationsQuery } from '../api/queries';
import type { Model } from '../api/types';
import { useFormat } from '../app/format';
import { modelName } from '../model/modelName';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';

const TYPING_MS = 300;

const route = getRouteApi('/models');

function Filters({ filters }: { filters: ModelFilters }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const operations = useQuery(operationsQuery);
  const change = (part: ModelFilters) =>
    void navigate({
      search: (before) => ({
        tag: (part.tag ?? before.tag) || undefined,
        operation: (part.operation ?? before.operation) || undefined,
        name: before.name,
      }),
      replace: true,
    });
  const search = useDebouncedCallback((tag: string) => change({ tag: tag.trim() }), TYPING_MS);
  return (
    <div className="filters" role="search" aria-label={t('model.filter')}>
      <TextInput
        type="search"
        label={t('model.tag')}
        defaultValue={filters.tag ?? ''}
        onChange={(event) => search(event.currentTarget.value)}
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

export function ModelsPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const filters = route.useSearch();
  const models = useInfiniteQuery({
    ...modelsQuery(filters),
    placeholderData: keepPreviousData,
  });
  const rows = models.data?.pages.flatMap((page) => page.items);
  const isFiltered = Object.values(filters).some(Boolean);
  const columns = useMemo(
    (): Column<Model>[] => [
      {
        id: 'name',
        title: t('model.name'),
        lead: true,
        cell: (model) => (
          <Link to="/models/$modelId" params={{ modelId: model.id }}>
            {modelName(model)}
          </Link>
        ),
      },
      {
        id: 'tags',
        title: t('model.tags'),
        cell: (model) => (
          <>
            {model.tags.map((tag) => (
              <Badge key={tag}>{tag}</Badge>
            ))}
          </>
        ),
      },
      {
        id: 'operation',
        title: t('job.operation'),
        cell: (model) => <code>{model.operation}</code>,
      },
      {
        id: 'size',
        title: t('dataset.size'),
        numeric: true,
        minor: true,
        cell: (model) => format.bytes(model.bytes),
      },
      { id: 'made', title: t('job.created'), cell: (model) => <When at={model.created_at} /> },
    ],
    [t, format],
  );
  return (
    <>
      <PageHeader title={t('nav.models')} summary={t('model.summary')} />
      <Filters filters={filters} />
      {models.error ? (
        <ProblemAlert error={models.error} onRetry={() => void models.refetch()} />
      ) : null}
      {models.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <div className="panel">
          {rows.length > 0 ? (
            <>
              <DataTable
                label={t('nav.models')}
                columns={columns}
                rows={rows}
                rowKey={(model) => model.id}
                rowTestId="model-row"
              />
              <MoreButton {...models} />
            </>
          ) : (
            <Empty text={isFiltered ? t('model.noMatch') : t('model.empty')} />
          )}
        </div>
      ) : null}
    </>
  );
}
