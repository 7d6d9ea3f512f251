// What administrators do for an organization: another plan, and credits.

import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { offersQuery } from '../api/queries';
import type { AdminOrganization } from '../api/types';
import { DeedButton } from './DeedButton';

const MOST_LETTERS = 200;

function ChangePlan({ organization }: { organization: AdminOrganization }) {
  const { t } = useTranslation();
  const offers = useQuery(offersQuery);
  const [plan, setPlan] = useState(organization.plan);
  const offered = (offers.data?.plans ?? []).map(({ slug, title }) => ({
    value: slug,
    label: title,
  }));
  const isOffered = offered.some(({ value }) => value === organization.plan);
  return (
    <DeedButton
      label={t('people.changePlan')}
      question={t('people.planQuestion', { name: organization.name })}
      consequence={t('people.planText')}
      done={t('people.planDone', { name: organization.name })}
      changes="people"
      isReady={plan !== organization.plan}
      deed={() =>
        api.send('PUT', `/admin/organizations/${organization.id}/plan`, { body: { plan } })
      }
    >
      <NativeSelect
        label={t('people.plan')}
        value={plan}
        onChange={(event) => setPlan(event.currentTarget.value)}
        data={
          isOffered ? offered : [{ value: organization.plan, label: organization.plan }, ...offered]
        }
      />
    </DeedButton>
  );
}

function GrantCredits({ organization }: { organization: AdminOrganization }) {
  const { t } = useTranslation();
  const [credits, setCredits] = useState('');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const count = Number(credits);
  return (
    <DeedButton
      label={t('people.grant')}
      question={t('people.grantQuestion', { name: organization.name })}
      consequence={t('people.grantText')}
      done={t('people.grantDone', { name: organization.name })}
      changes="people"
      isReady={Number.isSafeInteger(count) && count > 0 && reason.trim() !== ''}
      deed={async () => {
        const expires_at = until ? new Date(until).toISOString() : null;
        const body = { credits: count, reason: reason.trim(), expires_at };
        await api.send('POST', `/admin/organizations/${organization.id}/credits`, { body });
        setCredits('');
        setUntil('');
        setReason('');
      }}
    >
      <TextInput
        type="number"
        label={t('account.credits')}
        min={1}
        step={1}
        value={credits}
        onChange={(event) => setCredits(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        type="datetime-local"
        label={t('people.until')}
        description={t('people.grantUntilText')}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
      <TextInput
        label={t('people.reason')}
        description={t('people.grantReasonText')}
        maxLength={MOST_LETTERS}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </DeedButton>
  );
}

export function OrganizationDeeds({ organization }: { organization: AdminOrganization }) {
  return (
    <div className="deeds">
      {/* Another plan than the one that was chosen from: the choice begins anew. */}
      <ChangePlan key={organization.plan} organization={organization} />
      <GrantCredits organization={organization} />
    </div>
  );
}
