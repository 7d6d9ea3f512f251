import { Button, Stack, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { billingDetailsQuery } from '../api/queries';
import type { BillingDetails } from '../api/types';
import { useMe } from '../app/me';
import { say } from '../app/toasts';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';

const PARTS = ['name', 'lines', 'postal_code', 'city', 'country', 'tax_id'] as const;

/** What was typed; `null` where nothing was, which forgets the details. */
function readForm(form: HTMLFormElement): BillingDetails | null {
  const data = new FormData(form);
  const text = (part: string) => String(data.get(part) ?? '').trim();
  if (PARTS.every((part) => text(part) === '')) return null;
  return {
    name: text('name'),
    lines: text('lines').split('\n'),
    postal_code: text('postal_code') || null,
    city: text('city'),
    country: text('country'),
    tax_id: text('tax_id') || null,
  };
}

function DetailsForm({ details }: { details: BillingDetails | null }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (wanted: BillingDetails | null) =>
      api.send('PUT', '/account/billing-details', { body: { details: wanted } }),
    onSuccess: () => {
      say(t('billingDetails.saved'));
      void client.invalidateQueries({ queryKey: billingDetailsQuery.queryKey });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(readForm(event.currentTarget));
      }}
    >
      <Stack>
        <p className="muted small">{t('billingDetails.text')}</p>
        {PARTS.map((part) => {
          const label = t(`billingDetails.${part}`);
          return part === 'lines' ? (
            <Textarea
              key={part}
              name={part}
              label={label}
              autosize
              minRows={2}
              defaultValue={details?.lines.join('\n')}
            />
          ) : (
            <TextInput
              key={part}
              name={part}
              label={label}
              maxLength={120}
              defaultValue={details?.[part] ?? ''}
            />
          );
        })}
        {save.error ? <ProblemAlert error={save.error} /> : null}
        <Button type="submit" variant="default" loading={save.isPending}>
          {t('security.save')}
        </Button>
      </Stack>
    </form>
  );
}

/** To whom invoices are written, for those who pay. */
export function BillingDetailsPanel() {
  const { t } = useTranslation();
  const { role } = useMe().organization;
  const pays = role === 'owner' || role === 'admin' || role === 'billing';
  const found = useQuery({ ...billingDetailsQuery, enabled: pays });
  if (!pays) return null;
  return (
    <Section title={t('billingDetails.title')}>
      {found.error ? <ProblemAlert error={found.error} /> : null}
      {found.data === undefined ? null : <DetailsForm details={found.data} />}
    </Section>
  );
}
