// The job's life so far: submitted, started, its stages, its end.

import { CircleCheck, CircleDashed, CircleDot, CircleX } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import type { JobProgress } from '../api/jobStream';
import { isFinal } from '../api/types';
import type { Job } from '../api/types';
import { useFormat } from '../app/format';
import { ProgressBar } from '../parts/ProgressBar';
import { Section } from '../parts/Section';

interface Entry {
  key: string;
  label: string;
  note: string | null;
  status: 'done' | 'now' | 'open' | 'lost';
}

const ICONS = { done: CircleCheck, now: CircleDot, open: CircleDashed, lost: CircleX };

function useEntries(job: Job, progress: JobProgress): Entry[] {
  const { t } = useTranslation();
  const format = useFormat();
  const ended = isFinal(job.state);
  const entries: Entry[] = [
    {
      key: 'created',
      label: t('job.submitted'),
      note: format.time(job.created_at),
      status: 'done',
    },
  ];
  if (job.started_at) {
    entries.push({
      key: 'started',
      label: job.attempt > 1 ? t('job.startedAgain', { attempt: job.attempt }) : t('job.started'),
      note: format.time(job.started_at),
      status: 'done',
    });
  } else if (!ended) {
    entries.push({ key: 'queued', label: t(`state.${job.state}`), note: null, status: 'now' });
  }
  const seen = progress.stages.length > 0 ? progress.stages : job.stage ? [job.stage] : [];
  seen.forEach((stage, index) => {
    const isLast = index === seen.length - 1;
    entries.push({
      key: `stage-${stage.current}`,
      label: stage.name,
      note: t('job.stageOf', { current: stage.current, total: stage.total }),
      status: isLast && !ended ? 'now' : 'done',
    });
  });
  const last = seen[seen.length - 1];
  if (last && !ended && last.total > last.current) {
    entries.push({
      key: 'rest',
      label: t('job.stagesLeft', { count: last.total - last.current }),
      note: null,
      status: 'open',
    });
  }
  if (job.finished_at) {
    entries.push({
      key: 'finished',
      label: t(`state.${job.state}`),
      note: format.time(job.finished_at),
      status: job.state === 'succeeded' ? 'done' : 'lost',
    });
  }
  return entries;
}

export function JobTimeline({ job, progress }: { job: Job; progress: JobProgress }) {
  const { t } = useTranslation();
  const format = useFormat();
  const entries = useEntries(job, progress);
  const fraction = Math.max(job.progress, progress.fraction ?? 0);
  const status = {
    done: t('job.stageDone'),
    now: t('job.stageNow'),
    open: t('job.stageOpen'),
    lost: t('job.stageLost'),
  };
  return (
    <Section
      title={t('job.stages')}
      testId="job-stages"
      actions={
        job.state === 'running' ? (
          <span className="muted small">{format.percent(fraction)}</span>
        ) : null
      }
    >
      {job.state === 'running' ? (
        <ProgressBar fraction={fraction} label={t('job.progress')} />
      ) : null}
      <ol className="timeline">
        {entries.map((entry) => {
          const Icon = ICONS[entry.status];
          return (
            <li key={entry.key} data-status={entry.status}>
              <Icon size={16} aria-label={status[entry.status]} />
              <span>{entry.label}</span>
              {entry.note ? <span className="muted small">{entry.note}</span> : null}
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
