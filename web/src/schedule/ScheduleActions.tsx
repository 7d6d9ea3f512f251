// What can be done to a schedule.

import { Button, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Job, Schedule, ScheduleRequest } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';

function deriveRequest(schedule: Schedule, paused: boolean): ScheduleRequest {
  const { name, operation, params, inputs, cron, overlap, keep_if_refused } = schedule;
  return { name, operation, params, inputs, cron, overlap, keep_if_refused, paused };
}

export function ScheduleActions({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = `/schedules/${schedule.id}`;
  const refresh = () => void client.invalidateQueries({ queryKey: ['schedules'] });
  const pause = useMutation({
    mutationFn: () => api.send('PUT', path, { body: deriveRequest(schedule, !schedule.paused) }),
    onSuccess: refresh,
    onError: sayProblem,
  });
  const run = useMutation({
    mutationFn: () => api.send<Job>('POST', `${path}/run`),
    onSuccess: (job) => void navigate({ to: '/jobs/$jobId', params: { jobId: job.id } }),
    onError: sayProblem,
  });
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', path),
    onSuccess: () => {
      say(t('schedules.deleted', { name: schedule.name }));
      refresh();
    },
    onError: sayProblem,
  });
  return (
    <Group gap={8}>
      <Button
        variant="default"
        size="compact-sm"
        loading={run.isPending}
        onClick={() => run.mutate()}
      >
        {t('schedules.run')}
      </Button>
      <Button
        variant="default"
        size="compact-sm"
        loading={pause.isPending}
        onClick={() => pause.mutate()}
      >
        {schedule.paused ? t('schedules.resume') : t('schedules.pause')}
      </Button>
      <ConfirmButton
        label={t('schedules.delete')}
        question={t('schedules.deleteQuestion', { name: schedule.name })}
        consequence={t('schedules.deleteText')}
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
        size="compact-sm"
      />
    </Group>
  );
}
