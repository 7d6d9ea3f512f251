import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { CircleStop, LifeBuoy, Pencil, RotateCw, Workflow } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { RUN_WORKFLOW, isFinal } from '../api/types';
import type { Job } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { ScheduleJob } from '../schedule/ScheduleJob';

export function JobActions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const keep = (answer: Job) => {
    client.setQueryData(['job', answer.id], answer);
    void client.invalidateQueries({ queryKey: ['jobs'] });
  };
  const cancel = useMutation({
    mutationFn: () => api.send<Job>('POST', `/jobs/${job.id}/cancel`),
    onSuccess: keep,
    onError: sayProblem,
  });
  const rerun = useMutation({
    mutationFn: () => api.send<Job>('POST', `/jobs/${job.id}/rerun`),
    onSuccess: (again) => {
      keep(again);
      say(t('job.rerunDone'));
      void navigate({ to: '/jobs/$jobId', params: { jobId: again.id } });
    },
    onError: sayProblem,
  });
  const redrive = useMutation({
    mutationFn: () => api.send<Job>('POST', `/jobs/${job.id}/redrive`),
    onSuccess: (anew) => {
      keep(anew);
      say(t('job.redriveDone'));
      void navigate({ to: '/jobs/$jobId', params: { jobId: anew.id } });
    },
    onError: sayProblem,
  });
  const nodes =
    job.operation === RUN_WORKFLOW ? (
      <Button
        variant="default"
        leftSection={<Workflow size={16} aria-hidden />}
        renderRoot={(props) => (
          <Link to="/workflows/runs/$jobId" params={{ jobId: job.id }} {...props} />
        )}
      >
        {t('flow.nodes')}
      </Button>
    ) : null;
  const isLost = job.state === 'failed' || job.state === 'dead';
  if (!isFinal(job.state)) {
    return (
      <>
        {nodes}
        <ConfirmButton
          label={t('job.cancel')}
          question={t('job.cancelQuestion')}
          consequence={t('job.cancelText')}
          icon={<CircleStop size={16} aria-hidden />}
          isBusy={cancel.isPending || job.cancel_requested}
          onConfirm={() => cancel.mutate()}
          testId="job-cancel"
        />
      </>
    );
  }
  return (
    <>
      {nodes}
      {isLost && job.parent_id === null ? (
        <Button
          variant="default"
          leftSection={<LifeBuoy size={16} aria-hidden />}
          loading={redrive.isPending}
          onClick={() => redrive.mutate()}
          data-testid="job-redrive"
        >
          {t('job.redrive')}
        </Button>
      ) : null}
      <Button
        variant="default"
        leftSection={<RotateCw size={16} aria-hidden />}
        loading={rerun.isPending}
        onClick={() => rerun.mutate()}
      >
        {t('job.rerun')}
      </Button>
      <Button
        variant="default"
        leftSection={<Pencil size={16} aria-hidden />}
        renderRoot={(props) => (
          <Link to="/jobs/new" search={{ operation: job.operation, from: job.id }} {...props} />
        )}
      >
        {t('job.change')}
      </Button>
      {job.parent_id === null ? <ScheduleJob job={job} /> : null}
    </>
  );
}
