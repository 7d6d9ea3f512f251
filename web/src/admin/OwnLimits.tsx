// What an organization may in place of what its plan says: seen, given and taken back.

import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { limitsQuery } from '../api/adminQueries';
import { api } from '../api/client';
import type { AdminOrganization, LimitRecord } from '../api/types';
import { useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { ProblemAlert } from '../parts/ProblemAlert';
import { When } from '../parts/When';
import { DeedButton } from './DeedButton';

const MOST_LETTERS = 200;
const KINDS = [
  'seats',
  'concurrent_jobs',
  'retention_days',
  'file_bytes',
  'per_month',
  'per_day',
  'per_job',
] as const;
type Kind = (typeof KINDS)[number];

const pathOf = (id: string) => `/admin/accounts/${id}/overrides`;

/** A whole number, or nothing for what does not limit; `undefined` for what is neither. */
function parseValue(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function SetLimit({ organization }: { organization: AdminOrganization }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>('seats');
  const [meter, setMeter] = useState('jobs');
  const [text, setText] = useState('');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const isMetered = kind.startsWith('per_');
  const limit = isMetered ? `${kind}.${meter.trim()}` : kind;
  const value = parseValue(text);
  const isNamed = !isMetered || meter.trim() !== '';
  return (
    <DeedButton
      label={t('people.setLimit')}
      question={t('people.limitQuestion', { name: organization.name })}
      consequence={t('people.limitText')}
      done={t('people.limitDone', { name: organization.name })}
      changes="limits"
      isReady={isNamed && value !== undefined && reason.trim() !== ''}
      deed={async () => {
        const expires_at = until ? new Date(until).toISOString() : null;
        const own = { limit, value, expires_at, reason: reason.trim() };
        await api.send('PUT', pathOf(organization.id), { body: { overrides: [own] } });
        setText('');
        setReason('');
      }}
    >
      <NativeSelect
        label={t('people.limit')}
        value={kind}
        onChange={({ currentTarget }) =>
          setKind(KINDS.find((name) => name === currentTarget.value) ?? 'seats')
        }
        data={KINDS.map((name) => ({ value: name, label: t(`people.limits.${name}`) }))}
      />
      {isMetered ? (
        <TextInput
          label={t('people.meter')}
          description={t('people.meterText')}
          value={meter}
          onChange={(event) => setMeter(event.currentTarget.value)}
        />
      ) : null}
      <TextInput
        inputMode="numeric"
        label={t('people.limitValue')}
        description={t('people.limitValueText')}
        error={value === undefined ? t('people.limitValueError') : undefined}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        type="datetime-local"
        label={t('people.until')}
        description={t('people.limitUntilText')}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
      <TextInput
        label={t('people.reason')}
        maxLength={MOST_LETTERS}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </DeedButton>
  );
}

function ClearLimit({ organization, limit }: { organization: AdminOrganization; limit: string }) {
  const { t } = useTranslation();
  return (
    <DeedButton
      label={t('people.clearLimit', { limit })}
      question={t('people.clearQuestion', { limit, name: organization.name })}
      consequence={t('people.clearText')}
      done={t('people.clearDone', { limit })}
      changes="limits"
      isReady
      deed={() => api.send('DELETE', `${pathOf(organization.id)}/${encodeURIComponent(limit)}`)}
    >
      {null}
    </DeedButton>
  );
}

export function OwnLimits({ organization }: { organization: AdminOrganization }) {
  const { t } = useTranslation();
  const format = useFormat();
  const limits = useQuery(limitsQuery(organization.id));
  const rows = limits.data?.overrides ?? [];
  const columns = useMemo((): Column<LimitRecord>[] => {
    const amount = (value: number | null | undefined) =>
      value === null || value === undefined ? t('people.unlimited') : format.integer(value);
    return [
      { id: 'limit', title: t('people.limit'), lead: true, cell: (own) => own.limit },
      {
        id: 'value',
        title: t('people.own'),
        numeric: true,
        cell: (own) => amount(own.value),
      },
      {
        id: 'plan',
        title: t('people.ofPlan'),
        numeric: true,
        minor: true,
        cell: (own) => amount(own.plan_value),
      },
      {
        id: 'until',
        title: t('people.until'),
        cell: (own) => (own.expires_at ? <When at={own.expires_at} /> : t('lots.never')),
      },
      { id: 'reason', title: t('people.reason'), minor: true, cell: (own) => own.reason },
      {
        id: 'clear',
        title: t('people.clear'),
        cell: (own) => <ClearLimit organization={organization} limit={own.limit} />,
      },
    ];
  }, [format, organization, t]);
  return (
    <div className="stack" data-testid="own-limits">
      {limits.error ? (
        <ProblemAlert error={limits.error} onRetry={() => void limits.refetch()} />
      ) : null}
      {rows.length > 0 ? (
        <DataTable
          label={t('people.ownLimits')}
          columns={columns}
          rows={rows}
          rowKey={(own) => own.limit}
        />
      ) : null}
      <div className="deeds">
        <SetLimit organization={organization} />
      </div>
    </div>
  );
}
