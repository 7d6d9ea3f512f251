import { Button, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { identitiesQuery, providersQuery } from '../api/queries';
import type { LinkBegun, LinkedIdentity, Provider } from '../api/types';
import { useMe } from '../app/me';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { When } from '../parts/When';
import { PasswordForm } from './PasswordForm';
import { RemoveWay } from './RemoveWay';

/** Adding one opens the account for good, so it needs the password; then the browser goes there. */
function AddForm({ provider }: { provider: Provider }) {
  const { t } = useTranslation();
  return (
    <PasswordForm<LinkBegun>
      label={t('ways.goThere', { label: provider.label })}
      deed={(password) =>
        api.send('POST', '/auth/identities', { body: { provider: provider.id, password } })
      }
      onDone={({ url }) => window.location.assign(url)}
      isFirst
    >
      <p>{t('ways.addText', { label: provider.label })}</p>
    </PasswordForm>
  );
}

function IdentityRow({ identity }: { identity: LinkedIdentity }) {
  const { t } = useTranslation();
  return (
    <li className="identity-way" data-testid="identity-row">
      <div>
        <strong>{identity.label}</strong>
        {identity.email ? <span className="muted"> {identity.email}</span> : null}
        <p className="muted small">
          {t('ways.since')} <When at={identity.linked_at} />
        </p>
      </div>
      <RemoveWay
        label={identity.label}
        path={`/auth/identities/${identity.id}`}
        consequence={t('ways.removeText')}
      />
    </li>
  );
}

/** Accounts elsewhere that sign the person in; nothing where nobody vouches for people. */
export function Identities() {
  const { t } = useTranslation();
  const { user } = useMe();
  const providers = useQuery(providersQuery);
  const identities = useQuery(identitiesQuery);
  const [chosen, setChosen] = useState<Provider | null>(null);
  const [isOpen, { open, close }] = useDisclosure(false);
  const offered = providers.data ?? [];
  const linked = identities.data ?? [];
  if (offered.length === 0 && linked.length === 0) return null;
  return (
    <Section title={t('ways.title')} testId="identities">
      <Stack>
        <p>{t('ways.summary')}</p>
        {identities.error ? <ProblemAlert error={identities.error} /> : null}
        {linked.length > 0 ? (
          <ul className="identity-ways">
            {linked.map((identity) => (
              <IdentityRow key={identity.id} identity={identity} />
            ))}
          </ul>
        ) : null}
        {user.password ? (
          <div className="identity-row">
            {offered.map((provider) => (
              <Button
                key={provider.id}
                variant="default"
                onClick={() => {
                  setChosen(provider);
                  open();
                }}
              >
                {t('ways.add', { label: provider.label })}
              </Button>
            ))}
          </div>
        ) : (
          <p className="muted small">
            {t('ways.noPassword')} <a href="/forgot-password">{t('ways.setPassword')}</a>
          </p>
        )}
      </Stack>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        title={chosen ? t('ways.add', { label: chosen.label }) : ''}
      >
        {chosen ? <AddForm provider={chosen} /> : null}
      </Dialog>
    </Section>
  );
}
