// Jobs as a table, on a phone as cards.

import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { isFinal } from '../api/types';
import type { Job } from '../api/types';
import { useFormat } from '../app/format';
import type { Format } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { ProgressBar } from '../parts/ProgressBar';
import { StateBadge } from '../parts/StateBadge';
import { When } from '../parts/When';
import { useNow } from './useNow';

export const jobName = (job: Job): string => job.label ?? job.operation_title;

export function jobDuration(job: Job, format: Format, now: number): string | null {
  if (!job.started_at) return null;
  const end = job.finished_at ? new Date(job.finished_at).getTime() : now;
  return format.duration(end - new Date(job.started_at).getTime());
}

function JobStateCell({ job }: { job: Job }) {
  const { t } = useTranslation();
  return (
    <span className="job-state-cell">
      <StateBadge state={job.state} />
      {job.state === 'running' ? (
        <ProgressBar fraction={job.progress} label={t('job.progressOf', { name: jobName(job) })} />
      ) : null}
    </span>
  );
}

export interface JobTableProps {
  jobs: Job[];
  label: string;
  isShort?: boolean;
}

export function JobTable({ jobs, label, isShort }: JobTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(jobs.some((job) => !isFinal(job.state)));
  const columns = useMemo(() => {
    const all: Column<Job>[] = [
      {
        id: 'name',
        title: t('job.name'),
        lead: true,
        cell: (job) => (
          <Link to="/jobs/$jobId" params={{ jobId: job.id }}>
            {jobName(job)}
          </Link>
        ),
      },
      { id: 'state', title: t('job.state'), cell: (job) => <JobStateCell job={job} /> },
      {
        id: 'data',
        title: t('job.data'),
        cell: (job) => Object.values(job.input_names).join(', ') || null,
      },
      {
        id: 'operation',
        title: t('job.operation'),
        minor: true,
        cell: (job) => <code>{job.operation}</code>,
      },
      {
        id: 'created',
        title: t('job.created'),
        cell: (job) => <When at={job.created_at} />,
      },
      {
        id: 'duration',
        title: t('job.duration'),
        numeric: true,
        cell: (job) => jobDuration(job, format, now),
      },
      {
        id: 'cost',
        title: t('job.cost'),
        numeric: true,
        cell: (job) => (isFinal(job.state) ? format.integer(job.cost) : null),
      },
    ];
    return isShort ? all.filter((column) => !['operation', 'cost'].includes(column.id)) : all;
  }, [format, isShort, now, t]);
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={jobs}
      rowKey={(job) => job.id}
      rowTestId="job-row"
      rowData={(job) => ({ 'data-state': job.state })}
    />
  );
}
