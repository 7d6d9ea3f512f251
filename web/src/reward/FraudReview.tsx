// What was decided about claims of credits for ads, for administrators to look at.

import { Button, Checkbox, Group } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { fraudEventsQuery } from '../api/adminQueries';
import type { FraudEvent } from '../api/types';
import { humanize } from '../app/format';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';

const VERDICTS = {
  allow: 'fraud.verdicts.allow',
  flag: 'fraud.verdicts.flag',
  block: 'fraud.verdicts.block',
} as const;

const isVerdict = (word: string): word is keyof typeof VERDICTS => word in VERDICTS;

function Deeds({ event }: { event: FraudEvent }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const review = useMutation({
    mutationFn: (outcome: 'cleared' | 'confirmed') =>
      api.send<FraudEvent>('POST', `/admin/fraud/events/${event.id}/review`, {
        body: { outcome, block: outcome === 'confirmed' ? ['device', 'network'] : [] },
      }),
    onSuccess: (_, outcome) => {
      say(t(outcome === 'cleared' ? 'fraud.cleared' : 'fraud.confirmed'));
      void client.invalidateQueries({ queryKey: ['fraud-events'] });
      // Who is found out is blocked.
      void client.invalidateQueries({ queryKey: ['fraud-blocks'] });
    },
    onError: sayProblem,
  });
  if (event.review) {
    return <>{t(event.review.outcome === 'cleared' ? 'fraud.cleared' : 'fraud.confirmed')}</>;
  }
  if (event.verdict === 'allow') return null;
  return (
    <Group gap={8} wrap="nowrap">
      <Button
        variant="default"
        size="compact-sm"
        loading={review.isPending}
        onClick={() => review.mutate('cleared')}
      >
        {t('fraud.clear')}
      </Button>
      <ConfirmButton
        label={t('fraud.confirm')}
        question={t('fraud.confirmQuestion')}
        consequence={t('fraud.confirmText')}
        size="compact-sm"
        isBusy={review.isPending}
        onConfirm={() => review.mutate('confirmed')}
      />
    </Group>
  );
}

function useColumns() {
  const { t } = useTranslation();
  return useMemo(
    (): Column<FraudEvent>[] => [
      {
        id: 'verdict',
        title: t('fraud.verdict'),
        lead: true,
        cell: ({ verdict }) => (isVerdict(verdict) ? t(VERDICTS[verdict]) : humanize(verdict)),
      },
      {
        id: 'score',
        title: t('fraud.score'),
        numeric: true,
        cell: (event) => event.score.toFixed(2),
      },
      {
        id: 'signals',
        title: t('fraud.signals'),
        cell: (event) =>
          event.signals
            .map((signal) => `${humanize(signal.name)} ${signal.weight.toFixed(2)}`)
            .join(', '),
      },
      {
        id: 'who',
        title: t('fraud.who'),
        cell: (event) => <span className="mono">{event.organization_id.slice(0, 8)}</span>,
      },
      { id: 'from', title: t('fraud.from'), cell: (event) => event.address },
      { id: 'at', title: t('fraud.at'), cell: (event) => <When at={event.at} /> },
      { id: 'deeds', title: '', cell: (event) => <Deeds event={event} /> },
    ],
    [t],
  );
}

export function FraudReview() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(true);
  const events = useInfiniteQuery(fraudEventsQuery(open));
  const rows = events.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <Section
      title={t('fraud.title')}
      flush
      testId="fraud-review"
      actions={
        <Checkbox
          label={t('fraud.openOnly')}
          checked={open}
          onChange={(event) => setOpen(event.currentTarget.checked)}
        />
      }
    >
      {events.error ? (
        <ProblemAlert error={events.error} onRetry={() => void events.refetch()} />
      ) : null}
      {events.isPending ? <PageSkeleton /> : null}
      {events.data && rows.length === 0 ? <Empty text={t('fraud.empty')} /> : null}
      {rows.length > 0 ? (
        <>
          <DataTable
            label={t('fraud.title')}
            columns={columns}
            rows={rows}
            rowKey={(event) => event.id}
          />
          <MoreButton {...events} />
        </>
      ) : null}
    </Section>
  );
}
