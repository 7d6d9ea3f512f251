// What the organization used: a figure for each meter, a bar and a row for each day, operation or
// member, and what it asked of language models.

import { Button, NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { firstDayOf, membersQuery, usageQuery } from '../api/queries';
import type { Usage as UsageSpan, UsageGrouping, UsageRow } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { useMe } from '../app/me';
import { BarList } from '../parts/Bars';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Facts, Section } from '../parts/Section';
import { ModelTable } from './ModelTable';

const PERIODS = [7, 30, 90, 365];
const GROUPINGS: readonly UsageGrouping[] = ['day', 'operation', 'member'];
const COUNTS = ['jobs', 'succeeded', 'failed', 'cancelled', 'credits'] as const;
/** The end of an identifier tells those apart that were made at the same time. */
const SHORT_ID = -8;

/** Those who look after members know them by their addresses. */
function useAddresses(by: UsageGrouping): Map<string, string> {
  const { user, organization } = useMe();
  const looksAfter = organization.role === 'owner' || organization.role === 'admin';
  const roster = useQuery({ ...membersQuery, enabled: by === 'member' && looksAfter });
  const members = roster.data?.members;
  return useMemo(() => {
    const known = (members ?? []).map(({ user_id, email }): [string, string] => [user_id, email]);
    return new Map<string, string>([...known, [user.id, user.email]]);
  }, [members, user.email, user.id]);
}

function useNameOf(by: UsageGrouping) {
  const { t } = useTranslation();
  const addresses = useAddresses(by);
  return useCallback(
    (row: UsageRow): string => {
      switch (by) {
        case 'day':
          return row.day ?? '';
        case 'operation':
          return row.operation ?? t('usage.noOperation');
        case 'member':
          if (!row.user_id) return t('usage.nobody');
          return addresses.get(row.user_id) ?? row.user_id.slice(SHORT_ID);
        case 'organization':
          return row.organization_id?.slice(SHORT_ID) ?? '';
      }
    },
    [addresses, by, t],
  );
}

function Rows({ rows, by }: { rows: UsageRow[]; by: UsageGrouping }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf(by);
  const title = t(`usage.groupings.${by}`);
  const columns = useMemo(
    (): Column<UsageRow>[] => [
      { id: 'name', title, lead: true, sortBy: nameOf, cell: nameOf },
      ...COUNTS.map((name) => ({
        id: name,
        title: t(`usage.${name}`),
        numeric: true,
        descFirst: true,
        sortBy: (row: UsageRow) => row[name],
        cell: (row: UsageRow) => format.integer(row[name]),
      })),
      {
        id: 'seconds',
        title: t('usage.seconds'),
        numeric: true,
        descFirst: true,
        sortBy: (row) => row.seconds,
        cell: (row) => format.duration(row.seconds * 1000),
      },
    ],
    [format, nameOf, t, title],
  );
  return (
    <>
      <BarList
        label={t('usage.bars')}
        titles={[title, t('usage.credits')]}
        bars={rows.map((row) => ({ label: nameOf(row), value: row.credits }))}
        format={format.integer}
      />
      <DataTable
        label={t('usage.title')}
        columns={columns}
        rows={rows}
        rowKey={nameOf}
        sortedBy={by === 'day' ? { id: 'name', desc: true } : { id: 'credits', desc: true }}
      />
    </>
  );
}

function Span({ usage }: { usage: UsageSpan }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { total, rows, by } = usage;
  if (rows.length === 0) return <Empty text={t('usage.empty')} />;
  return (
    <>
      <Facts
        facts={[
          { label: t('usage.jobs'), value: format.integer(total.jobs) },
          { label: t('usage.credits'), value: format.integer(total.credits) },
          { label: t('usage.seconds'), value: format.duration(total.seconds * 1000) },
          ...Object.entries(total.units).map(([meter, units]) => ({
            label: humanize(meter),
            value: format.integer(units),
          })),
        ]}
      />
      <Rows rows={rows} by={by} />
    </>
  );
}

export function Usage() {
  const { t } = useTranslation();
  const [days, setDays] = useState(30);
  const [by, setBy] = useState<UsageGrouping>('day');
  const usage = useQuery({ ...usageQuery(days, by), placeholderData: keepPreviousData });
  return (
    <Section
      title={t('usage.title')}
      testId="usage"
      actions={
        <Button
          component="a"
          href={`/api/v1/account/usage.csv?from=${firstDayOf(days)}&by=${by}`}
          download="usage.csv"
          variant="default"
          size="compact-sm"
        >
          {t('usage.export')}
        </Button>
      }
    >
      <div className="filters">
        <NativeSelect
          label={t('usage.period')}
          value={String(days)}
          onChange={(event) => setDays(Number(event.currentTarget.value))}
          data={PERIODS.map((count) => ({
            value: String(count),
            label: t('usage.lastDays', { count }),
          }))}
        />
        <NativeSelect
          label={t('usage.by')}
          value={by}
          onChange={(event) =>
            setBy(GROUPINGS.find((name) => name === event.currentTarget.value) ?? 'day')
          }
          data={GROUPINGS.map((name) => ({ value: name, label: t(`usage.groupings.${name}`) }))}
        />
      </div>
      {usage.error ? (
        <ProblemAlert error={usage.error} onRetry={() => void usage.refetch()} />
      ) : null}
      {usage.isPending ? <PageSkeleton /> : null}
      {usage.data ? <Span usage={usage.data} /> : null}
      {usage.data && usage.data.models.length > 0 ? (
        <div className="stack" data-testid="model-use">
          <h3>{t('costs.byModel')}</h3>
          <ModelTable models={usage.data.models} />
        </div>
      ) : null}
    </Section>
  );
}
