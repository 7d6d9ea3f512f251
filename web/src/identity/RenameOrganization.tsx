import { Button, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Me } from '../api/types';
import { useMe } from '../app/me';
import { say } from '../app/toasts';
import { ProblemAlert } from '../parts/ProblemAlert';

/** Gives the organization another name, where the person owns it. */
export function RenameOrganization() {
  const { t } = useTranslation();
  const { organization } = useMe();
  const client = useQueryClient();
  const [name, setName] = useState(organization.name);
  const rename = useMutation({
    mutationFn: () => api.send<Me>('PATCH', '/organizations', { body: { name: name.trim() } }),
    onSuccess: () => {
      say(t('organization.renamed'));
      void client.invalidateQueries({ queryKey: ['me'] });
    },
  });
  if (organization.role !== 'owner') return null;
  const isSame = name.trim() === '' || name.trim() === organization.name;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate();
      }}
    >
      <Stack>
        <TextInput
          label={t('organization.name')}
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {rename.error ? <ProblemAlert error={rename.error} /> : null}
        <Button type="submit" variant="default" loading={rename.isPending} disabled={isSame}>
          {t('organization.rename')}
        </Button>
      </Stack>
    </form>
  );
}
