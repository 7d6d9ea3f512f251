import { Alert, Button, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { oauthClientsQuery } from '../api/queries';
import type { IssuedOAuthClient, OAuthClient, OAuthClientKind, Scope } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { Copyable } from '../parts/Copyable';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { Dialog } from '../parts/Dialog';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';
import { ScopeChoice } from './ScopeChoice';

const KINDS: readonly OAuthClientKind[] = ['confidential', 'public'];

interface Draft {
  name: string;
  kind: OAuthClientKind;
  redirect_uris: string[];
  scopes: Scope[];
}

function useRefresh(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: oauthClientsQuery.queryKey });
}

function ClientForm({ onCreated }: { onCreated: (client: IssuedOAuthClient) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<OAuthClientKind>('confidential');
  const [addresses, setAddresses] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['read', 'run', 'data']);
  const create = useMutation({
    mutationFn: (draft: Draft) =>
      api.send<IssuedOAuthClient>('POST', '/oauth/clients', { body: draft }),
    onSuccess: onCreated,
  });
  const uris = addresses
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ name: name.trim(), kind, redirect_uris: uris, scopes });
      }}
    >
      <Stack>
        <TextInput
          label={t('keys.name')}
          description={t('clients.nameText')}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <NativeSelect
          label={t('clients.kind')}
          value={kind}
          onChange={(event) =>
            setKind(event.currentTarget.value === 'public' ? 'public' : 'confidential')
          }
          data={KINDS.map((value) => ({ value, label: t(`clients.${value}`) }))}
        />
        <Textarea
          label={t('clients.redirects')}
          description={t('clients.redirectsText')}
          rows={3}
          required={kind === 'public'}
          value={addresses}
          onChange={(event) => setAddresses(event.currentTarget.value)}
        />
        <ScopeChoice scopes={scopes} onChange={setScopes} />
        {create.error ? <ProblemAlert error={create.error} /> : null}
        <Button
          type="submit"
          loading={create.isPending}
          disabled={name.trim() === '' || scopes.length === 0}
        >
          {t('clients.create')}
        </Button>
      </Stack>
    </form>
  );
}

function Issued({ issued, onDone }: { issued: IssuedOAuthClient; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <div data-testid="client-id">
        <Copyable text={issued.id} label={t('clients.id')} />
      </div>
      {issued.secret ? (
        <>
          <Alert className="notice">{t('clients.once')}</Alert>
          <div className="secret" data-testid="client-secret">
            <Copyable text={issued.secret} label={t('clients.secret')} />
          </div>
        </>
      ) : null}
      <Button onClick={onDone}>{t('keys.done')}</Button>
    </Stack>
  );
}

function RegisterClient() {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [isOpen, { open, close }] = useDisclosure(false);
  const [issued, setIssued] = useState<IssuedOAuthClient | null>(null);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        {t('clients.new')}
      </Button>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        onClosed={() => setIssued(null)}
        title={issued ? issued.name : t('clients.new')}
        isSticky={issued !== null}
      >
        {issued ? (
          <Issued issued={issued} onDone={close} />
        ) : (
          <ClientForm
            onCreated={(client) => {
              setIssued(client);
              refresh();
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function ClientDeeds({ client }: { client: OAuthClient }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [issued, setIssued] = useState<IssuedOAuthClient | null>(null);
  const rotate = useMutation({
    mutationFn: () => api.send<IssuedOAuthClient>('POST', `/oauth/clients/${client.id}/secret`),
    onSuccess: setIssued,
    onError: sayProblem,
  });
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', `/oauth/clients/${client.id}`),
    onSuccess: () => {
      say(t('clients.removed', { name: client.name }));
      refresh();
    },
    onError: sayProblem,
  });
  return (
    <span className="identity-row">
      {client.kind === 'confidential' ? (
        <ConfirmButton
          label={t('clients.rotate')}
          question={t('clients.rotateQuestion', { name: client.name })}
          consequence={t('clients.rotateText')}
          isBusy={rotate.isPending}
          onConfirm={() => rotate.mutate()}
          size="compact-sm"
        />
      ) : null}
      <ConfirmButton
        label={t('clients.remove')}
        question={t('clients.removeQuestion', { name: client.name })}
        consequence={t('clients.removeText')}
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
        size="compact-sm"
      />
      <Dialog isOpen={issued !== null} onClose={() => setIssued(null)} title={client.name} isSticky>
        {issued ? <Issued issued={issued} onDone={() => setIssued(null)} /> : null}
      </Dialog>
    </span>
  );
}

/** Programs of others, registered by owners and admins. */
export function OAuthClients() {
  const { t } = useTranslation();
  const clients = useQuery(oauthClientsQuery);
  const columns = useMemo(
    (): Column<OAuthClient>[] => [
      { id: 'name', title: t('keys.name'), lead: true, cell: (client) => client.name },
      {
        id: 'id',
        title: t('clients.id'),
        cell: (client) => (
          <Copyable text={client.id} label={t('clients.id')} short={`${client.id.slice(0, 8)}…`} />
        ),
      },
      { id: 'kind', title: t('clients.kind'), cell: (client) => t(`clients.${client.kind}`) },
      {
        id: 'scopes',
        title: t('keys.scopes'),
        cell: (client) => (
          <span className="kind-cell">
            {client.scopes.map((scope) => (
              <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
            ))}
          </span>
        ),
      },
      {
        id: 'used',
        title: t('keys.used'),
        cell: (client) =>
          client.last_used_at ? <When at={client.last_used_at} /> : t('keys.unused'),
      },
      {
        id: 'actions',
        title: t('list.actions'),
        cell: (client) => <ClientDeeds client={client} />,
      },
    ],
    [t],
  );
  return (
    <Section title={t('clients.title')} flush actions={<RegisterClient />} testId="oauth-clients">
      <p className="muted small clients-summary">{t('clients.summary')}</p>
      {clients.error ? (
        <ProblemAlert error={clients.error} onRetry={() => void clients.refetch()} />
      ) : null}
      {clients.isPending ? <PageSkeleton /> : null}
      {clients.data?.length === 0 ? <Empty text={t('clients.empty')} /> : null}
      {clients.data && clients.data.length > 0 ? (
        <DataTable
          label={t('clients.title')}
          columns={columns}
          rows={clients.data}
          rowKey={(client) => client.id}
          rowTestId="client-row"
        />
      ) : null}
    </Section>
  );
}
