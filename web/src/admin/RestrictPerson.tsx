// Keeps somebody out for a time or for good, and lets them in again.

import { Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { AdminUser } from '../api/types';
import { useMe } from '../app/me';
import { DeedButton } from './DeedButton';

const MOST_LETTERS = 500;

/** What the person is called in sentences. */
export const nameOf = (person: AdminUser): string => person.name || person.email;

function useDeed(person: AdminUser) {
  return (deed: 'suspend' | 'ban' | 'reinstate', body: object) =>
    api.send<AdminUser>('POST', `/admin/users/${person.id}/${deed}`, { body });
}

function Reason(props: { label: string; value: string; onChange: (value: string) => void }) {
  const { label, value, onChange } = props;
  const { t } = useTranslation();
  return (
    <Textarea
      label={label}
      description={t('people.reasonText')}
      maxLength={MOST_LETTERS}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data-autofocus
    />
  );
}

function Suspend({ person }: { person: AdminUser }) {
  const { t } = useTranslation();
  const act = useDeed(person);
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const name = nameOf(person);
  return (
    <DeedButton
      label={t('people.suspend')}
      question={t('people.suspendQuestion', { name })}
      consequence={t('people.suspendText')}
      done={t('people.suspendDone', { name })}
      changes="people"
      isReady={reason.trim() !== ''}
      isBad
      deed={() =>
        act('suspend', {
          reason: reason.trim(),
          ...(until ? { until: new Date(until).toISOString() } : {}),
        })
      }
    >
      <Reason label={t('people.reason')} value={reason} onChange={setReason} />
      <TextInput
        type="datetime-local"
        label={t('people.until')}
        description={t('people.untilText')}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
    </DeedButton>
  );
}

function Ban({ person }: { person: AdminUser }) {
  const { t } = useTranslation();
  const act = useDeed(person);
  const [reason, setReason] = useState('');
  const name = nameOf(person);
  return (
    <DeedButton
      label={t('people.ban')}
      question={t('people.banQuestion', { name })}
      consequence={t('people.banText')}
      done={t('people.banDone', { name })}
      changes="people"
      isReady={reason.trim() !== ''}
      isBad
      deed={() => act('ban', { reason: reason.trim() })}
    >
      <Reason label={t('people.reason')} value={reason} onChange={setReason} />
    </DeedButton>
  );
}

function Reinstate({ person }: { person: AdminUser }) {
  const { t } = useTranslation();
  const act = useDeed(person);
  const [note, setNote] = useState('');
  const name = nameOf(person);
  return (
    <DeedButton
      label={t('people.reinstate')}
      question={t('people.reinstateQuestion', { name })}
      consequence={t('people.reinstateText')}
      done={t('people.reinstateDone', { name })}
      changes="people"
      isReady
      deed={() => act('reinstate', note.trim() ? { note: note.trim() } : {})}
    >
      <Reason label={t('people.note')} value={note} onChange={setNote} />
    </DeedButton>
  );
}

/** What may be done to the person as they stand; nothing to oneself, nor to somebody who is erased. */
export function RestrictPerson({ person }: { person: AdminUser }) {
  const me = useMe();
  if (person.id === me.user.id || person.status === 'erased') return null;
  const isRestricted = person.status === 'suspended' || person.status === 'banned';
  return (
    <div className="deeds">
      {isRestricted ? <Reinstate person={person} /> : <Suspend person={person} />}
      {person.status === 'banned' ? null : <Ban person={person} />}
    </div>
  );
}
