import { Button, Stack, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { networksQuery } from '../api/queries';
import { useMe } from '../app/me';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { CloseOrganization, ClosedOrganizations } from './CloseOrganization';
import { RenameOrganization } from './RenameOrganization';

/** Everything on the screen belongs to the organization, so the app begins anew. */
const beginAnew = () => window.location.assign('/app/');

/** The person's organizations: another, a new one, this one by another name, or out of it. */
export function OrganizationPanel() {
  const { t } = useTranslation();
  const me = useMe();
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => api.send('POST', '/organizations', { body: { name: name.trim() } }),
    onSuccess: beginAnew,
  });
  const move = useMutation({
    mutationFn: (id: string) =>
      api.send('POST', '/organizations/switch', { body: { organization_id: id } }),
    onSuccess: beginAnew,
    onError: sayProblem,
  });
  const leave = useMutation({
    mutationFn: () => api.send('POST', '/organizations/leave', { body: {} }),
    onSuccess: beginAnew,
    onError: sayProblem,
  });
  const others = me.organizations.filter((place) => place.id !== me.organization.id);
  return (
    <Section title={t('organization.title')} testId="organizations">
      <Stack>
        <div className="identity-row">
          <strong>{me.organization.name}</strong>
          <span className="muted">{t(`memberRole.${me.organization.role}`)}</span>
          {me.organization.role === 'owner' ? null : (
            <ConfirmButton
              label={t('organization.leave')}
              question={t('organization.leaveQuestion', { name: me.organization.name })}
              consequence={t('organization.leaveText')}
              isBusy={leave.isPending}
              onConfirm={() => leave.mutate()}
              size="compact-sm"
            />
          )}
        </div>
        <RenameOrganization />
        <CloseOrganization />
        <ClosedOrganizations />
        {others.map((place) => (
          <div className="identity-row" key={place.id}>
            <span>{place.name}</span>
            <span className="muted">{t(`memberRole.${place.role}`)}</span>
            <Button
              variant="default"
              size="compact-sm"
              loading={move.isPending}
              onClick={() => move.mutate(place.id)}
            >
              {t('organization.switch')}
            </Button>
          </div>
        ))}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate();
          }}
        >
          <Stack>
            <TextInput
              label={t('organization.new')}
              required
              maxLength={120}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {create.error ? <ProblemAlert error={create.error} /> : null}
            <Button type="submit" variant="default" loading={create.isPending}>
              {t('organization.create')}
            </Button>
          </Stack>
        </form>
      </Stack>
    </Section>
  );
}

function NetworksForm({ networks }: { networks: string[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, setText] = useState(networks.join('\n'));
  const save = useMutation({
    mutationFn: () => {
      const wanted = text.split(/[\s,]+/).filter(Boolean);
      return api.send('PUT', '/organizations/networks', { body: { networks: wanted } });
    },
    onSuccess: () => {
      say(t('organization.networksSaved'));
      void client.invalidateQueries({ queryKey: ['networks'] });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <Textarea
          label={t('organization.networks')}
          description={t('organization.networksText')}
          autosize
          minRows={3}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {save.error ? <ProblemAlert error={save.error} /> : null}
        <Button type="submit" variant="default" loading={save.isPending}>
          {t('security.save')}
        </Button>
      </Stack>
    </form>
  );
}

/** From where the organization may be used. */
export function NetworksPanel() {
  const { t } = useTranslation();
  const networks = useQuery(networksQuery);
  return (
    <Section title={t('organization.access')}>
      {networks.error ? <ProblemAlert error={networks.error} /> : null}
      {networks.data ? <NetworksForm networks={networks.data} /> : null}
    </Section>
  );
}
