// The lines of the ledger, by reason, job and day; the same ones are downloaded.

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { buildPath } from '../api/client';
import { ledgerQuery } from '../api/queries';
import { LEDGER_REASONS } from '../api/types';
import type { LedgerEntry } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';
import { isFiltering, isJobId, queryOf, readLedgerFilter } from './ledgerFilter';
import type { LedgerFilter } from './ledgerFilter';

const route = getRouteApi('/account');

interface FilterProps {
  filter: LedgerFilter;
  change: (part: Record<string, string>) => void;
}

/** Empty, or the whole name of a job: a part of one would be refused. */
function JobField({ filter, change }: FilterProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(filter.job ?? '');
  const [known, setKnown] = useState(filter.job);
  if (known !== filter.job) {
    setKnown(filter.job);
    setText(filter.job ?? '');
  }
  const isWrong = text !== '' && !isJobId(text);
  return (
    <TextInput
      label={t('ledger.byJob')}
      value={text}
      error={isWrong ? t('ledger.noJobId') : undefined}
      onChange={(event) => {
        const job = event.currentTarget.value.trim();
        setText(job);
        if (job === '' || isJobId(job)) change({ job });
      }}
    />
  );
}

function Filters({ filter, change }: FilterProps) {
  const { t } = useTranslation();
  return (
    <div className="filters ledger-filters" role="search" aria-label={t('ledger.filter')}>
      <NativeSelect
        label={t('ledger.reason')}
        value={filter.reason ?? ''}
        onChange={(event) => change({ reason: event.currentTarget.value })}
        data={[
          { value: '', label: t('ledger.anyReason') },
          ...LEDGER_REASONS.map((reason) => ({
            value: reason,
            label: t(`ledger.reasons.${reason}`),
          })),
        ]}
      />
      <JobField filter={filter} change={change} />
      <TextInput
        type="date"
        label={t('ledger.from')}
        value={filter.from ?? ''}
        max={filter.to}
        onChange={(event) => change({ from: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label={t('ledger.to')}
        value={filter.to ?? ''}
        min={filter.from}
        onChange={(event) => change({ to: event.currentTarget.value })}
      />
    </div>
  );
}

function useColumns(): Column<LedgerEntry>[] {
  const { t } = useTranslation();
  const format = useFormat();
  return useMemo((): Column<LedgerEntry>[] => {
    const tellReason = (word: string) => {
      const reason = LEDGER_REASONS.find((known) => known === word);
      return reason ? t(`ledger.reasons.${reason}`) : humanize(word);
    };
    return [
      {
        id: 'reason',
        title: t('ledger.reason'),
        lead: true,
        cell: (entry) => tellReason(entry.reason),
      },
      { id: 'account', title: t('ledger.account'), cell: (entry) => humanize(entry.account) },
      {
        id: 'amount',
        title: t('ledger.amount'),
        numeric: true,
        cell: (entry) => `${entry.amount > 0 ? '+' : ''}${format.integer(entry.amount)}`,
      },
      {
        id: 'job',
        title: t('ledger.job'),
        cell: (entry) =>
          entry.job_id ? (
            <Link to="/jobs/$jobId" params={{ jobId: entry.job_id }} className="mono">
              {entry.job_id.slice(0, 8)}
            </Link>
          ) : null,
      },
      { id: 'at', title: t('ledger.at'), cell: (entry) => <When at={entry.at} /> },
    ];
  }, [format, t]);
}

export function Ledger() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const columns = useColumns();
  const query = queryOf(filter);
  const ledger = useInfiniteQuery({ ...ledgerQuery(query), placeholderData: keepPreviousData });
  const entries = ledger.data?.pages.flatMap((page) => page.items);
  const change = (part: Record<string, string>) =>
    void navigate({
      search: (before) => readLedgerFilter({ ...before, ...part }),
      replace: true,
      resetScroll: false,
    });
  const clear = () => void navigate({ search: {}, replace: true, resetScroll: false });
  return (
    <Section
      title={t('ledger.title')}
      testId="ledger"
      flush
      actions={
        <Button
          component="a"
          href={buildPath('/account/ledger.csv', query)}
          download="ledger.csv"
          variant="default"
          size="compact-sm"
        >
          {t('ledger.export')}
        </Button>
      }
    >
      {entries?.length === 0 && !isFiltering(filter) ? null : (
        <Filters filter={filter} change={change} />
      )}
      {ledger.error ? (
        <ProblemAlert error={ledger.error} onRetry={() => void ledger.refetch()} />
      ) : null}
      {ledger.isPending ? <PageSkeleton /> : null}
      {entries?.length === 0 ? (
        <Empty text={isFiltering(filter) ? t('ledger.noMatch') : t('ledger.empty')}>
          {isFiltering(filter) ? (
            <Button variant="default" onClick={clear}>
              {t('ledger.clear')}
            </Button>
          ) : null}
        </Empty>
      ) : null}
      {entries && entries.length > 0 ? (
        <>
          <DataTable
            label={t('ledger.title')}
            columns={columns}
            rows={entries}
            rowKey={(entry) => entry.id}
          />
          <MoreButton {...ledger} />
        </>
      ) : null}
    </Section>
  );
}
