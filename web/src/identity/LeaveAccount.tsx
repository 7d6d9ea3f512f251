import { Button, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Leaving } from '../api/types';
import { useFormat } from '../app/format';
import { useMe } from '../app/me';
import { Dialog } from '../parts/Dialog';
import { Section } from '../parts/Section';
import { PasswordForm } from './PasswordForm';
import './identity.css';

/** The session has ended with the account, so nothing of the app works any more. */
const goOut = () => window.location.assign('/sign-in');

function Farewell({ leaving }: { leaving: Leaving }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { user } = useMe();
  return (
    <Stack data-testid="farewell">
      <p role="status">{t('leaving.done', { time: format.time(leaving.erase_at) })}</p>
      <p>{t('leaving.keep', { email: user.email })}</p>
      <Button onClick={goOut}>{t('leaving.close')}</Button>
    </Stack>
  );
}

/** The way out: asks for the password, and says until when one may stay after all. */
export function LeaveAccount() {
  const { t } = useTranslation();
  const { user } = useMe();
  const [isOpen, { open, close }] = useDisclosure(false);
  const [leaving, setLeaving] = useState<Leaving | null>(null);
  return (
    <Section title={t('leaving.title')} testId="leave-account">
      <Stack>
        <p>{t('leaving.summary')}</p>
        {user.password ? (
          <div className="identity-row">
            <Button variant="default" className="button-bad" onClick={open}>
              {t('leaving.leave')}
            </Button>
          </div>
        ) : (
          <p className="muted small">
            {t('leaving.noPassword')} <a href="/forgot-password">{t('ways.setPassword')}</a>
          </p>
        )}
      </Stack>
      <Dialog
        isOpen={isOpen}
        onClose={leaving ? goOut : close}
        title={leaving ? t('leaving.doneTitle') : t('leaving.question')}
        isSticky
      >
        {leaving ? (
          <Farewell leaving={leaving} />
        ) : (
          <PasswordForm<Leaving>
            label={t('leaving.leave')}
            deed={(password) => api.send('DELETE', '/account', { body: { password } })}
            onDone={setLeaving}
            isFirst
            isGrave
          >
            <p>{t('leaving.text')}</p>
          </PasswordForm>
        )}
      </Dialog>
    </Section>
  );
}
