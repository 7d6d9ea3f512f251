// Gives an organization a limit in place of its plan's, or changes the one that it has.

import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { pathOfLimits } from '../api/adminQueries';
import { api } from '../api/client';
import { offersQuery } from '../api/queries';
import type { AdminOrganization, LimitRequest } from '../api/types';
import { METER_LIMITS, PLAIN_LIMITS } from '../billing/limitWords';
import { DeedButton } from './DeedButton';

const MOST_LETTERS = 200;
const KINDS = [...METER_LIMITS, ...PLAIN_LIMITS];
type Kind = (typeof KINDS)[number];

interface Draft {
  kind: Kind;
  meter: string;
  value: string;
  isUnlimited: boolean;
  until: string;
  reason: string;
}

const EMPTY: Draft = {
  kind: 'per_month',
  meter: '',
  value: '',
  isUnlimited: false,
  until: '',
  reason: '',
};

/** The form's part that a meter belongs to, if it is limited by one. */
const findMeterKind = (kind: Kind) => METER_LIMITS.find((name) => name === kind);

/** What a draft asks for, once everything that it needs is filled in. */
function findRequest(draft: Draft): LimitRequest | null {
  const meter = draft.meter.trim();
  const reason = draft.reason.trim();
  const needsMeter = findMeterKind(draft.kind) !== undefined;
  const value = draft.isUnlimited ? null : Number(draft.value);
  const isAmount =
    value === null || (draft.value !== '' && Number.isSafeInteger(value) && value >= 0);
  if (!isAmount || reason === '' || (needsMeter && meter === '')) return null;
  return {
    limit: needsMeter ? `${draft.kind}.${meter}` : draft.kind,
    value,
    reason,
    ...(draft.until ? { expires_at: new Date(draft.until).toISOString() } : {}),
  };
}

interface PartProps {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
}

/** Which limit it is. */
function Which({ draft, onChange }: PartProps) {
  const { t } = useTranslation();
  const meters = useQuery(offersQuery).data?.meters ?? {};
  const known = useId();
  return (
    <>
      <NativeSelect
        label={t('ownLimits.limit')}
        value={draft.kind}
        onChange={(event) =>
          onChange({ kind: KINDS.find((kind) => kind === event.currentTarget.value) })
        }
        data={[
          ...METER_LIMITS.map((kind) => ({ value: kind, label: t(`ownLimits.kinds.${kind}`) })),
          ...PLAIN_LIMITS.map((kind) => ({ value: kind, label: t(`ownLimits.names.${kind}`) })),
        ]}
        data-autofocus
      />
      {findMeterKind(draft.kind) ? (
        <>
          <TextInput
            label={t('ownLimits.meter')}
            description={t('ownLimits.meterText')}
            list={known}
            value={draft.meter}
            onChange={(event) => onChange({ meter: event.currentTarget.value })}
          />
          <datalist id={known}>
            {Object.entries(meters).map(([meter, title]) => (
              <option key={meter} value={meter} label={title} />
            ))}
          </datalist>
        </>
      ) : null}
    </>
  );
}

/** How much it allows, until when, and why. */
function HowMuch({ draft, onChange }: PartProps) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        type="number"
        label={t('ownLimits.value')}
        description={t('ownLimits.valueText')}
        min={0}
        step={1}
        disabled={draft.isUnlimited}
        value={draft.value}
        onChange={(event) => onChange({ value: event.currentTarget.value })}
      />
      <Checkbox
        label={t('ownLimits.unlimited')}
        checked={draft.isUnlimited}
        onChange={(event) => onChange({ isUnlimited: event.currentTarget.checked })}
      />
      <TextInput
        type="datetime-local"
        label={t('people.until')}
        description={t('ownLimits.untilText')}
        value={draft.until}
        onChange={(event) => onChange({ until: event.currentTarget.value })}
      />
      <TextInput
        label={t('people.reason')}
        description={t('ownLimits.reasonText')}
        maxLength={MOST_LETTERS}
        value={draft.reason}
        onChange={(event) => onChange({ reason: event.currentTarget.value })}
      />
    </>
  );
}

export function SetLimit({ organization }: { organization: AdminOrganization }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(EMPTY);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const request = findRequest(draft);
  const { name } = organization;
  return (
    <DeedButton
      label={t('ownLimits.set')}
      question={t('ownLimits.setQuestion', { name })}
      consequence={t('ownLimits.setText')}
      done={t('ownLimits.setDone', { name })}
      changes="people"
      isReady={request !== null}
      deed={async () => {
        await api.send('PUT', pathOfLimits(organization.id), { body: { overrides: [request] } });
        setDraft(EMPTY);
      }}
    >
      <Which draft={draft} onChange={change} />
      <HowMuch draft={draft} onChange={change} />
    </DeedButton>
  );
}
