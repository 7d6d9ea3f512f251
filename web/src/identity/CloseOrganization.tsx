import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { closingQuery } from '../api/queries';
import type { ClosingPlace } from '../api/types';
import { useFormat } from '../app/format';
import { useMe } from '../app/me';
import { say, sayProblem } from '../app/toasts';
import { Dialog } from '../parts/Dialog';
import { PasswordForm } from './PasswordForm';

/** The session is in the personal organization now, so the app begins anew. */
const beginAnew = () => window.location.assign('/app/account/members');

/** Closes the organization, where the person owns it and it is not the personal one. */
export function CloseOrganization() {
  const { t } = useTranslation();
  const { organization, organizations } = useMe();
  const [isOpen, { open, close }] = useDisclosure(false);
  const isPersonal = organizations[0]?.id === organization.id;
  if (organization.role !== 'owner' || isPersonal) return null;
  return (
    <div className="identity-row">
      <Button variant="default" className="button-bad" size="compact-sm" onClick={open}>
        {t('organization.close')}
      </Button>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        title={t('organization.closeQuestion', { name: organization.name })}
        isSticky
      >
        <PasswordForm<ClosingPlace>
          label={t('organization.close')}
          deed={(password) => api.send('POST', '/organizations/closing', { body: { password } })}
          onDone={beginAnew}
          isFirst
          isGrave
        >
          <p>{t('organization.closeText')}</p>
        </PasswordForm>
      </Dialog>
    </div>
  );
}

/** The organizations that close, and that the person may keep as their owner. */
export function ClosedOrganizations() {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const closing = useQuery(closingQuery);
  const keep = useMutation({
    mutationFn: (id: string) => api.send('DELETE', `/organizations/closing/${id}`),
    onSuccess: () => {
      say(t('organization.kept'));
      void client.invalidateQueries({ queryKey: closingQuery.queryKey });
    },
    onError: sayProblem,
  });
  return closing.data?.map((place) => (
    <div className="identity-row" key={place.organization_id}>
      <span>
        {t('organization.closed', { name: place.name, time: format.time(place.erase_at) })}
      </span>
      <Button
        variant="default"
        size="compact-sm"
        loading={keep.isPending}
        onClick={() => keep.mutate(place.organization_id)}
      >
        {t('organization.keep')}
      </Button>
    </div>
  ));
}
