import { Button, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { useMe } from '../app/me';
import { say } from '../app/toasts';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { PasswordForm } from './PasswordForm';
import { VerificationNotice } from './ProfileForm';

/** Asks for another address; the link of a mail makes the change. */
export function EmailForm() {
  const { t } = useTranslation();
  const { user } = useMe();
  const [email, setEmail] = useState('');
  return (
    <Section title={t('security.email')}>
      <PasswordForm<unknown>
        label={t('security.changeEmail')}
        deed={(password) => api.send('POST', '/auth/email', { body: { email, password } })}
        onDone={() => {
          say(t('security.emailAsked', { email }));
          setEmail('');
        }}
        isQuiet
      >
        <p>
          <strong>{user.email}</strong>
        </p>
        <VerificationNotice />
        <TextInput
          label={t('security.newEmail')}
          type="email"
          required
          maxLength={254}
          autoComplete="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
      </PasswordForm>
    </Section>
  );
}

/** Sets a new password, and ends the other sessions. */
export function ChangePasswordForm() {
  const { t } = useTranslation();
  const { user } = useMe();
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () =>
      api.send('POST', '/auth/password', { body: { password: present, new_password: next } }),
    onSuccess: () => {
      say(t('security.passwordChanged'));
      setPresent('');
      setNext('');
    },
  });
  return (
    <Section title={t('security.changePassword')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <input type="hidden" name="username" autoComplete="username" value={user.email} readOnly />
        <Stack>
          <TextInput
            type="password"
            label={t('security.password')}
            required
            autoComplete="current-password"
            value={present}
            onChange={(event) => setPresent(event.currentTarget.value)}
          />
          <TextInput
            type="password"
            label={t('security.newPassword')}
            description={t('security.passwordText')}
            required
            minLength={10}
            autoComplete="new-password"
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
          {change.error ? <ProblemAlert error={change.error} /> : null}
          <Button type="submit" variant="default" loading={change.isPending}>
            {t('security.changePassword')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
