import { Button, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { LOCALES } from '../api/types';
import type { Locale, Me } from '../api/types';
import { useMe } from '../app/me';
import { say, sayProblem } from '../app/toasts';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';

/** Name and language of mails. */
export function ProfileForm() {
  const { t } = useTranslation();
  const { user } = useMe();
  const client = useQueryClient();
  const [name, setName] = useState(user.name);
  const [locale, setLocale] = useState<Locale>(user.locale);
  const save = useMutation({
    mutationFn: () => api.send<Me>('PATCH', '/auth/me', { body: { name: name.trim(), locale } }),
    onSuccess: () => {
      say(t('security.saved'));
      void client.invalidateQueries({ queryKey: ['me'] });
    },
  });
  return (
    <Section title={t('security.profile')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <TextInput
            label={t('security.name')}
            required
            maxLength={120}
            autoComplete="name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('security.language')}
            value={locale}
            onChange={(event) => setLocale(event.currentTarget.value as Locale)}
            data={LOCALES.map((value) => ({ value, label: t(`locale.${value}`) }))}
          />
          {save.error ? <ProblemAlert error={save.error} /> : null}
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
            {t('security.save')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

/** Says that the address is not confirmed, and sends the mail again. */
export function VerificationNotice() {
  const { t } = useTranslation();
  const { user } = useMe();
  const resend = useMutation({
    mutationFn: () => api.send('POST', '/auth/verify-email/resend', { body: {} }),
    onSuccess: () => say(t('security.resent')),
    onError: sayProblem,
  });
  if (user.email_verified) return <p className="muted small">{t('security.verified')}</p>;
  return (
    <div className="identity-row" data-testid="not-verified">
      <span>{t('security.notVerified')}</span>
      <Button
        variant="default"
        size="compact-sm"
        loading={resend.isPending}
        onClick={() => resend.mutate()}
      >
        {t('security.resend')}
      </Button>
    </div>
  );
}
