// The devices and networks that no credits for ads are given to, as administrators see, add and
// lift them.

import { NativeSelect, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { FRAUD_BLOCKS, fraudBlocksQuery } from '../api/adminQueries';
import { api } from '../api/client';
import type { FraudBlock } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { Copyable } from '../parts/Copyable';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';
import { DeedButton } from './DeedButton';

const MOST_LETTERS = 200;
const EMPTY = { kind: 'network', value: '', reason: '' };

function AddBlock() {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(EMPTY);
  const change = (part: Partial<typeof EMPTY>) => setDraft((before) => ({ ...before, ...part }));
  const value = draft.value.trim();
  const reason = draft.reason.trim();
  return (
    <DeedButton
      label={t('fraudBlocks.add')}
      question={t('fraudBlocks.addQuestion')}
      consequence={t('fraudBlocks.addText')}
      done={t('fraudBlocks.added')}
      changes="fraud-blocks"
      isReady={value !== '' && reason !== ''}
      deed={async () => {
        await api.send('POST', FRAUD_BLOCKS, { body: { kind: draft.kind, value, reason } });
        setDraft(EMPTY);
      }}
    >
      <NativeSelect
        label={t('fraudBlocks.kind')}
        value={draft.kind}
        onChange={(event) => change({ kind: event.currentTarget.value })}
        data={[
          { value: 'network', label: t('fraudBlocks.network') },
          { value: 'device', label: t('fraudBlocks.device') },
        ]}
        data-autofocus
      />
      <TextInput
        label={t('fraudBlocks.value')}
        description={t('fraudBlocks.valueText')}
        value={draft.value}
        onChange={(event) => change({ value: event.currentTarget.value })}
      />
      <TextInput
        label={t('people.reason')}
        maxLength={MOST_LETTERS}
        value={draft.reason}
        onChange={(event) => change({ reason: event.currentTarget.value })}
      />
    </DeedButton>
  );
}

function Lift({ block }: { block: FraudBlock }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const lift = useMutation({
    mutationFn: () => api.send('DELETE', `${FRAUD_BLOCKS}/${block.id}`),
    onSuccess: () => {
      say(t('fraudBlocks.lifted'));
      void client.invalidateQueries({ queryKey: ['fraud-blocks'] });
    },
    onError: sayProblem,
  });
  return (
    <ConfirmButton
      label={t('fraudBlocks.lift')}
      question={t('fraudBlocks.liftQuestion')}
      consequence={t('fraudBlocks.liftText')}
      size="compact-sm"
      isBusy={lift.isPending}
      onConfirm={() => lift.mutate()}
    />
  );
}

function useColumns() {
  const { t } = useTranslation();
  return useMemo(
    (): Column<FraudBlock>[] => [
      {
        id: 'kind',
        title: t('fraudBlocks.kind'),
        lead: true,
        cell: ({ kind }) => t(kind === 'device' ? 'fraudBlocks.device' : 'fraudBlocks.network'),
      },
      {
        id: 'value',
        title: t('fraudBlocks.value'),
        cell: ({ kind, value }) => (
          <Copyable
            text={value}
            label={t('fraudBlocks.value')}
            short={kind === 'device' ? value.slice(0, 12) : value}
          />
        ),
      },
      { id: 'reason', title: t('people.reason'), cell: ({ reason }) => reason },
      { id: 'since', title: t('people.since'), cell: (block) => <When at={block.created_at} /> },
      { id: 'actions', title: t('list.actions'), cell: (block) => <Lift block={block} /> },
    ],
    [t],
  );
}

export function FraudBlocks() {
  const { t } = useTranslation();
  const blocks = useInfiniteQuery(fraudBlocksQuery);
  const rows = blocks.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <Section title={t('fraudBlocks.title')} flush testId="fraud-blocks" actions={<AddBlock />}>
      {blocks.error ? (
        <ProblemAlert error={blocks.error} onRetry={() => void blocks.refetch()} />
      ) : null}
      {blocks.isPending ? <PageSkeleton rows={2} /> : null}
      {blocks.data && rows.length === 0 ? <Empty text={t('fraudBlocks.empty')} /> : null}
      {rows.length > 0 ? (
        <>
          <DataTable
            label={t('fraudBlocks.title')}
            columns={columns}
            rows={rows}
            rowKey={(block) => block.id}
          />
          <MoreButton {...blocks} />
        </>
      ) : null}
    </Section>
  );
}
