import { Button, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { passkeysQuery } from '../api/queries';
import type { Passkey, PasskeyCreation } from '../api/types';
import { useMe } from '../app/me';
import { say } from '../app/toasts';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { When } from '../parts/When';
import { PasswordForm } from './PasswordForm';
import { RemoveWay } from './RemoveWay';
import { createCredential, hasPasskeys, isAddress } from './webauthn';

function useRefresh() {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: ['me'] });
}

/** Adding one opens the account for good, so it needs the password. */
function AddForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [name, setName] = useState('');
  const add = async (password: string): Promise<Passkey> => {
    const creation = await api.send<PasskeyCreation>('POST', '/auth/passkeys/begin', {
      body: { password },
    });
    const made = await createCredential(creation);
    return api.send<Passkey>('POST', '/auth/passkeys', { body: { name, ...made } });
  };
  return (
    <PasswordForm<Passkey>
      label={t('passkeys.add')}
      deed={add}
      onDone={(passkey) => {
        say(t('passkeys.added', { name: passkey.name }));
        refresh();
        onDone();
      }}
    >
      <p>{t('passkeys.addText')}</p>
      <TextInput
        label={t('passkeys.name')}
        placeholder={t('passkeys.example')}
        required
        maxLength={120}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
    </PasswordForm>
  );
}

function RenameForm({ passkey, onDone }: { passkey: Passkey; onDone: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [name, setName] = useState(passkey.name);
  const rename = useMutation({
    mutationFn: () => api.send('PATCH', `/auth/passkeys/${passkey.id}`, { body: { name } }),
    onSuccess: () => {
      refresh();
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate();
      }}
    >
      <Stack>
        <TextInput
          label={t('passkeys.name')}
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        {rename.error ? <ProblemAlert error={rename.error} /> : null}
        <Button type="submit" loading={rename.isPending}>
          {t('security.save')}
        </Button>
      </Stack>
    </form>
  );
}

function PasskeyRow({ passkey, onRename }: { passkey: Passkey; onRename: () => void }) {
  const { t } = useTranslation();
  return (
    <li className="identity-way" data-testid="passkey-row">
      <div>
        <strong>{passkey.name}</strong>
        <p className="muted small">
          {t('ways.since')} <When at={passkey.created_at} />
        </p>
        {passkey.last_used_at ? (
          <p className="muted small">
            {t('passkeys.used')} <When at={passkey.last_used_at} />
          </p>
        ) : null}
      </div>
      <div className="identity-row">
        <Button variant="default" size="compact-sm" onClick={onRename}>
          {t('passkeys.rename')}
        </Button>
        <RemoveWay
          label={passkey.name}
          path={`/auth/passkeys/${passkey.id}`}
          consequence={t('passkeys.removeText')}
        />
      </div>
    </li>
  );
}

/** The way to a new one, or why there is none here. */
function AddButton({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  const { user } = useMe();
  if (!user.password) {
    return (
      <p className="muted small">
        {t('ways.noPassword')} <a href="/forgot-password">{t('ways.setPassword')}</a>
      </p>
    );
  }
  if (isAddress(window.location.hostname)) {
    return <p className="muted small">{t('passkeys.needsName')}</p>;
  }
  if (!hasPasskeys()) return <p className="muted small">{t('passkeys.none')}</p>;
  return (
    <Button variant="default" onClick={onAdd}>
      {t('passkeys.add')}
    </Button>
  );
}

/** Passkeys, which stand for password and code. */
export function Passkeys() {
  const { t } = useTranslation();
  const passkeys = useQuery(passkeysQuery);
  const [renamed, setRenamed] = useState<Passkey | null>(null);
  const [isOpen, { open, close }] = useDisclosure(false);
  const show = (passkey: Passkey | null) => {
    setRenamed(passkey);
    open();
  };
  return (
    <Section title={t('passkeys.title')} testId="passkeys">
      <Stack>
        <p>{t('passkeys.summary')}</p>
        {passkeys.error ? <ProblemAlert error={passkeys.error} /> : null}
        {passkeys.data && passkeys.data.length > 0 ? (
          <ul className="identity-ways">
            {passkeys.data.map((passkey) => (
              <PasskeyRow key={passkey.id} passkey={passkey} onRename={() => show(passkey)} />
            ))}
          </ul>
        ) : null}
        <AddButton onAdd={() => show(null)} />
      </Stack>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        title={renamed ? t('passkeys.rename') : t('passkeys.add')}
      >
        {renamed ? (
          <RenameForm key={renamed.id} passkey={renamed} onDone={close} />
        ) : (
          <AddForm onDone={close} />
        )}
      </Dialog>
    </Section>
  );
}
