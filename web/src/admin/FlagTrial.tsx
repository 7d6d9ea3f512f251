// Says what somebody has of a flag, and why.

import { Button, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Flag, FlagTrial as Trial } from '../api/types';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts } from '../parts/Section';
import { pathOf } from './FlagForm';

function Result({ trial }: { trial: Trial }) {
  const { t } = useTranslation();
  const facts = [
    { label: t('flags.has'), value: t(trial.on ? 'flags.on' : 'flags.off') },
    {
      label: t('flags.why'),
      value: t(`flags.reasons.${trial.reason}`, { number: trial.rule ?? 0 }),
    },
    ...(trial.variant === null
      ? []
      : [{ label: t('flags.variantName'), value: <span className="mono">{trial.variant}</span> }]),
  ];
  return (
    <div data-testid="flag-trial" role="status">
      <Facts facts={facts} />
    </div>
  );
}

function Fields({ flag }: { flag: Flag }) {
  const { t } = useTranslation();
  const [organization, setOrganization] = useState('');
  const [user, setUser] = useState('');
  const ask = useMutation({
    mutationFn: () =>
      api.send<Trial>('POST', `${pathOf(flag.key)}/try`, {
        body: { organization_id: organization.trim() || null, user_id: user.trim() || null },
      }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <Stack>
        <p>{t('flags.tryText')}</p>
        <TextInput
          label={t('flags.organization')}
          value={organization}
          onChange={(event) => setOrganization(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t('flags.user')}
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        {ask.error ? <ProblemAlert error={ask.error} /> : null}
        {ask.data ? <Result trial={ask.data} /> : null}
        <Button type="submit" loading={ask.isPending}>
          {t('flags.ask')}
        </Button>
      </Stack>
    </form>
  );
}

export function FlagTrial({ flag }: { flag: Flag }) {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        {t('flags.try')}
      </Button>
      <Dialog isOpen={isOpen} onClose={close} title={t('flags.tryTitle', { key: flag.key })}>
        <Fields flag={flag} />
      </Dialog>
    </>
  );
}
