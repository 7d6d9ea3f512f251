import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { costsQuery } from '../api/adminQueries';
import type { Cost, Costs } from '../api/types';
import { useFormat } from '../app/format';
import { ModelTable } from '../billing/ModelTable';
import { BarList } from '../parts/Bars';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Facts, Section } from '../parts/Section';

type Operation = Costs['operations'][number];

const PERIODS = [7, 30, 90, 365];
/** So many letters of a time are its date. */
const DATE = 10;
const COUNTS = [
  'jobs',
  'succeeded',
  'failed',
  'cancelled',
  'estimated',
  'settled',
  'refunded',
  'penalties',
] as const satisfies (keyof Cost)[];

function Operations({ operations }: { operations: Operation[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns = useMemo(
    (): Column<Operation>[] => [
      {
        id: 'operation',
        title: t('job.operation'),
        lead: true,
        sortBy: ({ operation }) => operation,
        cell: ({ operation }) => operation,
      },
      ...COUNTS.map((name) => ({
        id: name,
        title: t(`costs.${name}`),
        numeric: true,
        descFirst: true,
        sortBy: (row: Operation) => row[name],
        cell: (row: Operation) => format.integer(row[name]),
      })),
    ],
    [format, t],
  );
  return (
    <DataTable
      label={t('costs.byOperation')}
      columns={columns}
      rows={operations}
      rowKey={({ operation }) => operation}
      sortedBy={{ id: 'settled', desc: true }}
    />
  );
}

function Period({ costs }: { costs: Costs }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <Section title={t('costs.total')}>
        <Facts
          facts={COUNTS.map((name) => ({
            label: t(`costs.${name}`),
            value: format.integer(costs.total[name]),
          }))}
        />
      </Section>
      <Section title={t('costs.byOperation')} flush>
        {costs.operations.length > 0 ? (
          <Operations operations={costs.operations} />
        ) : (
          <Empty text={t('costs.empty')} />
        )}
      </Section>
      {costs.models.length > 0 ? (
        <Section title={t('costs.byModel')} flush>
          <ModelTable models={costs.models} tellsCost />
        </Section>
      ) : null}
      {costs.days.length > 0 ? (
        <Section title={t('costs.byDay')}>
          <BarList
            label={t('costs.byDay')}
            titles={[t('costs.day'), t('costs.settled')]}
            bars={costs.days.map(({ day, settled }) => ({
              label: day.slice(0, DATE),
              value: settled,
            }))}
            format={format.integer}
          />
        </Section>
      ) : null}
    </>
  );
}

export function AdminCostsPage() {
  const { t } = useTranslation();
  const [days, setDays] = useState(30);
  const costs = useQuery({ ...costsQuery(days), placeholderData: keepPreviousData });
  return (
    <AdminFrame title={t('costs.title')} summary={t('costs.summary')}>
      <div className="filters">
        <NativeSelect
          label={t('costs.period')}
          value={String(days)}
          onChange={(event) => setDays(Number(event.currentTarget.value))}
          data={PERIODS.map((count) => ({
            value: String(count),
            label: t('costs.lastDays', { count }),
          }))}
        />
      </div>
      {costs.error ? (
        <ProblemAlert error={costs.error} onRetry={() => void costs.refetch()} />
      ) : null}
      {costs.isPending ? <PageSkeleton /> : null}
      {costs.data ? <Period costs={costs.data} /> : null}
    </AdminFrame>
  );
}
