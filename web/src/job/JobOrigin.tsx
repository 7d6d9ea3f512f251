// What made a job, and what became of its results.

import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import type { Job } from '../api/types';
import { When } from '../parts/When';

export function JobOrigin({ job }: { job: Job }) {
  const { t } = useTranslation();
  return (
    <>
      {job.operation === 'flow.run' ? (
        <p className="muted">
          <Link to="/workflows/runs/$jobId" params={{ jobId: job.id }}>
            {t('job.steps')}
          </Link>
        </p>
      ) : null}
      {job.redrive_of ? (
        <p className="muted">
          {t('job.redriveOf')}{' '}
          <Link to="/jobs/$jobId" params={{ jobId: job.redrive_of }} className="mono">
            {job.redrive_of.slice(0, 8)}
          </Link>
        </p>
      ) : null}
      {job.schedule_id ? (
        <p className="muted">
          <Link to="/schedules">{t('job.ofSchedule')}</Link>
        </p>
      ) : null}
      {job.results_removed_at ? (
        <p className="muted">
          {t('job.resultsRemoved')} <When at={job.results_removed_at} />
        </p>
      ) : null}
    </>
  );
}
