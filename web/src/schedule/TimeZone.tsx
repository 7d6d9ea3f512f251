// The zone whose clocks the organization's schedules follow.

import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { timeZoneQuery } from '../api/queries';
import { useMe } from '../app/me';
import { say, sayProblem } from '../app/toasts';
import { Section } from '../parts/Section';

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

export function TimeZone() {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const zone = useQuery(timeZoneQuery);
  const [draft, setDraft] = useState<string | null>(null);
  const list = useId();
  const save = useMutation({
    mutationFn: (time_zone: string) =>
      api.send('PUT', '/account/time-zone', { body: { time_zone } }),
    onSuccess: () => {
      setDraft(null);
      say(t('timeZone.saved'));
      void client.invalidateQueries({ queryKey: ['time-zone'] });
      void client.invalidateQueries({ queryKey: ['schedules'] });
    },
    onError: sayProblem,
  });
  if (zone.data === undefined) return null;
  const value = draft ?? zone.data;
  const mayChange = me.organization.role === 'owner' || me.organization.role === 'admin';
  return (
    <Section title={t('timeZone.title')}>
      <form
        className="form-fields"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(value.trim());
        }}
      >
        <TextInput
          label={t('timeZone.label')}
          description={t('timeZone.text')}
          list={list}
          readOnly={!mayChange}
          value={value}
          onChange={(event) => setDraft(event.currentTarget.value)}
        />
        <datalist id={list}>
          {ZONES.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {mayChange && value !== zone.data ? (
          <Button type="submit" loading={save.isPending}>
            {t('timeZone.save')}
          </Button>
        ) : null}
      </form>
    </Section>
  );
}
