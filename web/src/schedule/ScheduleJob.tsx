// Makes a schedule of what a job did: the same operation and parameters, on the newest data.

import { Button, Checkbox, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CalendarClock } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { timeZoneQuery } from '../api/queries';
import type { Job, Schedule, ScheduleRequest } from '../api/types';
import { say } from '../app/toasts';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';

function ScheduleForm({ job, onMade }: { job: Job; onMade: () => void }) {
  const { t } = useTranslation();
  const zone = useQuery(timeZoneQuery);
  const [name, setName] = useState(job.label ?? job.operation_title);
  const [cron, setCron] = useState('0 6 * * *');
  const [isNewest, setIsNewest] = useState(true);
  const create = useMutation({
    mutationFn: (body: ScheduleRequest) => api.send<Schedule>('POST', '/schedules', { body }),
    onSuccess: onMade,
  });
  const hasDatasets = Object.values(job.inputs).some((input) => input.kind === 'dataset');
  const inputs = Object.fromEntries(
    Object.entries(job.inputs).map(([slot, input]) => [
      slot,
      input.kind === 'dataset' && isNewest ? { kind: input.kind, id: input.id } : input,
    ]),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({
          name: name.trim(),
          cron,
          operation: job.operation,
          params: job.params,
          inputs,
        });
      }}
    >
      <Stack>
        <TextInput
          label={t('schedules.name')}
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t('schedules.cron')}
          description={t('schedules.cronText', { zone: zone.data ?? 'UTC' })}
          required
          className="mono"
          value={cron}
          onChange={(event) => setCron(event.currentTarget.value)}
        />
        {hasDatasets ? (
          <Checkbox
            label={t('schedules.newest')}
            checked={isNewest}
            onChange={(event) => setIsNewest(event.currentTarget.checked)}
          />
        ) : null}
        {create.error ? <ProblemAlert error={create.error} /> : null}
        <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
          {t('schedules.create')}
        </Button>
      </Stack>
    </form>
  );
}

export function ScheduleJob({ job }: { job: Job }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={<CalendarClock size={16} aria-hidden />}
        onClick={open}
        data-testid="job-schedule"
      >
        {t('schedules.fromJob')}
      </Button>
      <Dialog isOpen={isOpen} onClose={close} title={t('schedules.new')}>
        <ScheduleForm
          job={job}
          onMade={() => {
            close();
            say(t('schedules.made'));
            void client.invalidateQueries({ queryKey: ['schedules'] });
            void navigate({ to: '/schedules' });
          }}
        />
      </Dialog>
    </>
  );
}
