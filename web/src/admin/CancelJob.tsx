// Ends a job of any organization, by its identifier.

import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { Section } from '../parts/Section';
import { DeedButton } from './DeedButton';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOST_LETTERS = 500;

export function CancelJob() {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  const [reason, setReason] = useState('');
  return (
    <Section title={t('admin.jobs')}>
      <DeedButton
        label={t('admin.cancelJob')}
        question={t('admin.cancelQuestion')}
        consequence={t('admin.cancelText')}
        done={t('admin.cancelDone')}
        changes="admin"
        isReady={ID.test(id.trim())}
        isBad
        deed={async () => {
          const body = reason.trim() ? { reason: reason.trim() } : {};
          await api.send('POST', `/admin/jobs/${id.trim()}/cancel`, { body });
          setId('');
          setReason('');
        }}
      >
        <TextInput
          label={t('admin.jobId')}
          description={t('admin.jobIdText')}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t('people.reason')}
          maxLength={MOST_LETTERS}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </DeedButton>
    </Section>
  );
}
