import { Alert, Button, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { apiKeysQuery } from '../api/queries';
import type { ApiKey, NewApiKey, Scope } from '../api/types';
import { useMe } from '../app/me';
import { say, sayProblem } from '../app/toasts';
import { OAuthClients } from '../identity/OAuthClients';
import { ScopeChoice } from '../identity/ScopeChoice';
import '../identity/identity.css';
import { ConfirmButton } from '../parts/ConfirmButton';
import { Copyable } from '../parts/Copyable';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { Dialog } from '../parts/Dialog';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';

const DAY_MS = 24 * 3600 * 1000;
const LIFETIMES = ['', '30', '90', '365'] as const;

interface KeyDraft {
  name: string;
  scopes: Scope[];
  expires_at?: string;
}

function KeyForm({ onCreated }: { onCreated: (key: NewApiKey) => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['read', 'run', 'data']);
  const [days, setDays] = useState('');
  const create = useMutation({
    mutationFn: (draft: KeyDraft) => {
      const isForDesk = me.administrator_sign_in !== null && draft.scopes.includes('admin');
      const path = isForDesk ? '/admin/api-keys' : '/api-keys';
      return api.send<NewApiKey>('POST', path, { body: draft });
    },
    onSuccess: onCreated,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({
          name: name.trim(),
          scopes,
          ...(days
            ? { expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }
            : {}),
        });
      }}
    >
      <Stack>
        <TextInput
          label={t('keys.name')}
          description={t('keys.nameText')}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <ScopeChoice scopes={scopes} onChange={setScopes} />
        <NativeSelect
          label={t('keys.expires')}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
          data={LIFETIMES.map((value) => ({
            value,
            label: value ? t('keys.days', { count: Number(value) }) : t('keys.never'),
          }))}
        />
        {create.error ? <ProblemAlert error={create.error} /> : null}
        <Button
          type="submit"
          loading={create.isPending}
          disabled={name.trim() === '' || scopes.length === 0}
        >
          {t('keys.create')}
        </Button>
      </Stack>
    </form>
  );
}

function CreateKey() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure(false);
  const [created, setCreated] = useState<NewApiKey | null>(null);
  return (
    <>
      <Button leftSection={<KeyRound size={16} aria-hidden />} onClick={open}>
        {t('keys.new')}
      </Button>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        onClosed={() => setCreated(null)}
        title={created ? t('keys.created', { name: created.name }) : t('keys.new')}
        isSticky={created !== null}
      >
        {created ? (
          <Stack>
            <Alert className="notice">{t('keys.once')}</Alert>
            <div className="secret" data-testid="new-key">
              <Copyable text={created.key} label={t('keys.key')} />
            </div>
            <Button onClick={close}>{t('keys.done')}</Button>
          </Stack>
        ) : (
          <KeyForm
            onCreated={(key) => {
              setCreated(key);
              void client.invalidateQueries({ queryKey: ['api-keys'] });
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function RevokeKey({ apiKey }: { apiKey: ApiKey }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.send('DELETE', `/api-keys/${apiKey.id}`),
    onSuccess: () => {
      say(t('keys.revoked', { name: apiKey.name }));
      void client.invalidateQueries({ queryKey: ['api-keys'] });
    },
    onError: sayProblem,
  });
  return (
    <ConfirmButton
      label={t('keys.revoke')}
      question={t('keys.revokeQuestion', { name: apiKey.name })}
      consequence={t('keys.revokeText')}
      isBusy={revoke.isPending}
      onConfirm={() => revoke.mutate()}
      size="compact-sm"
    />
  );
}

export function ApiKeysPage() {
  const { t } = useTranslation();
  const { organization } = useMe();
  const keys = useQuery(apiKeysQuery);
  const mayRegister = organization.role === 'owner' || organization.role === 'admin';
  const columns = useMemo(
    (): Column<ApiKey>[] => [
      { id: 'name', title: t('keys.name'), lead: true, cell: (key) => key.name },
      { id: 'prefix', title: t('keys.key'), cell: (key) => <code>{key.prefix}…</code> },
      {
        id: 'scopes',
        title: t('keys.scopes'),
        cell: (key) => (
          <span className="kind-cell">
            {key.scopes.map((scope) => (
              <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
            ))}
          </span>
        ),
      },
      {
        id: 'used',
        title: t('keys.used'),
        cell: (key) => (key.last_used_at ? <When at={key.last_used_at} /> : t('keys.unused')),
      },
      {
        id: 'expires',
        title: t('keys.expires'),
        cell: (key) => (key.expires_at ? <When at={key.expires_at} /> : t('keys.never')),
      },
      { id: 'actions', title: t('list.actions'), cell: (key) => <RevokeKey apiKey={key} /> },
    ],
    [t],
  );
  return (
    <>
      <PageHeader title={t('nav.keys')} summary={t('keys.summary')}>
        <CreateKey />
      </PageHeader>
      {keys.error ? <ProblemAlert error={keys.error} onRetry={() => void keys.refetch()} /> : null}
      {keys.isPending ? <PageSkeleton /> : null}
      {keys.data ? (
        <div className="panel">
          {keys.data.length > 0 ? (
            <DataTable
              label={t('nav.keys')}
              columns={columns}
              rows={keys.data}
              rowKey={(key) => key.id}
              rowTestId="key-row"
            />
          ) : (
            <Empty text={t('keys.empty')} />
          )}
        </div>
      ) : null}
      {mayRegister ? (
        <div className="clients">
          <OAuthClients />
        </div>
      ) : null}
    </>
  );
}
