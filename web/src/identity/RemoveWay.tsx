import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { useMe } from '../app/me';
import { say } from '../app/toasts';
import { Dialog } from '../parts/Dialog';
import { PasswordForm } from './PasswordForm';

export interface RemoveWayProps {
  /** What the person calls it. */
  label: string;
  /** Where the server has it. */
  path: string;
  /** What follows from it. */
  consequence: string;
}

/** Takes a way to sign in away, which could shut its owner out, so it needs the password. */
export function RemoveWay({ label, path, consequence }: RemoveWayProps) {
  const { t } = useTranslation();
  const { user } = useMe();
  const client = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure(false);
  if (!user.password) return null;
  return (
    <>
      <Button variant="default" className="button-bad" size="compact-sm" onClick={open}>
        {t('ways.remove')}
      </Button>
      <Dialog isOpen={isOpen} onClose={close} title={t('ways.removeQuestion', { label })}>
        <PasswordForm
          label={t('ways.remove')}
          deed={(password) => api.send('DELETE', path, { body: { password } })}
          onDone={() => {
            close();
            say(t('ways.removed', { label }));
            void client.invalidateQueries({ queryKey: ['me'] });
          }}
          isFirst
          isGrave
        >
          <p>{consequence}</p>
        </PasswordForm>
      </Dialog>
    </>
  );
}
