import { Alert } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

import { useJobStream } from '../api/jobStream';
import type { JobProgress } from '../api/jobStream';
import { isNotFound } from '../api/problem';
import { jobArtifactsQuery, jobQuery } from '../api/queries';
import { isFinal } from '../api/types';
import type { Artifact, Job, JobState } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { usePolling } from '../app/live';
import { useJobsCostCredits } from '../billing/pricing';
import { ApiSnippet } from '../job/ApiSnippet';
import { Artifacts, hasCharts, hasReport } from '../job/Artifacts';
import { JobActions } from '../job/JobActions';
import { JobLog } from '../job/JobLog';
import { JobOrigin } from '../job/JobOrigin';
import { JobMetrics } from '../job/JobMetrics';
import { jobDuration, jobName } from '../job/JobTable';
import { JobTimeline } from '../job/JobTimeline';
import { readLeaderboard } from '../job/Leaderboard';
import { LeaderboardSection, TrainReport, isTrainReport } from '../job/TrainReport';
import { useNow } from '../job/useNow';
import { Copyable } from '../parts/Copyable';
import { InlineCode } from '../parts/InlineCode';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { StateBadge } from '../parts/StateBadge';
import { ValueTree } from '../parts/ValueTree';
import { When } from '../parts/When';

const route = getRouteApi('/jobs/$jobId');

const RUNNING_POLL_MS = 3_000;

function JobFacts({ job }: { job: Job }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(!isFinal(job.state));
  const costs = useJobsCostCredits();
  const cost = isFinal(job.state)
    ? t('job.costSettled', {
        cost: format.integer(job.cost),
        held: format.integer(job.max_credits),
      })
    : t('job.costHeld', { credits: format.integer(job.max_credits) });
  return (
    <Section title={t('job.about')}>
      <Facts
        facts={[
          ...(costs ? [{ label: t('job.cost'), value: cost }] : []),
          ...(job.penalty > 0
            ? [{ label: t('job.penalty'), value: format.integer(job.penalty) }]
            : []),
          { label: t('job.duration'), value: jobDuration(job, format, now) ?? t('value.none') },
          { label: t('job.created'), value: <When at={job.created_at} /> },
          ...Object.entries(job.input_names).map(([slot, name]) => {
            const input = job.inputs[slot];
            return {
              label: humanize(slot),
              value:
                input?.kind === 'dataset' ? (
                  <Link to="/datasets/$datasetId" params={{ datasetId: input.id }}>
                    {name}
                  </Link>
                ) : (
                  name
                ),
            };
          }),
          { label: t('job.device'), value: `${job.device} · ${job.queue}` },
          {
            label: t('job.seed'),
            value: <Copyable text={job.seed} label={t('job.seed')} />,
          },
          {
            label: t('job.id'),
            value: <Copyable text={job.id} label={t('job.id')} short={`${job.id.slice(0, 8)}…`} />,
          },
        ]}
      />
    </Section>
  );
}

function JobFailure({ job }: { job: Job }) {
  const { t } = useTranslation();
  if (!job.error) return null;
  return (
    <Alert
      role="alert"
      className="problem"
      icon={<TriangleAlert size={18} aria-hidden />}
      title={t('job.errorTitle', { kind: job.error.kind })}
    >
      <p>
        <InlineCode text={job.error.message} />
      </p>
      {job.error.next_step ? (
        <p>
          <InlineCode text={job.error.next_step} />
        </p>
      ) : null}
    </Alert>
  );
}

function ResultNavigation({ job, artifacts }: { job: Job; artifacts: Artifact[] }) {
  const { t } = useTranslation();
  if (!isFinal(job.state) || artifacts.length === 0) return null;
  const isTraining = isTrainReport(job.report);
  const entries = [
    { id: 'result', label: t('job.result'), isThere: job.report !== null },
    { id: 'leaderboard', label: t('leaderboard.title'), isThere: isTraining },
    { id: 'charts', label: t('charts.title'), isThere: hasCharts(artifacts) },
    { id: 'report', label: t('report.title'), isThere: hasReport(artifacts) },
    { id: 'artifacts', label: t('artifact.title'), isThere: true },
    { id: 'run', label: t('job.run'), isThere: true },
  ];
  return (
    <nav className="section-nav" aria-label={t('job.sections')}>
      {entries
        .filter((entry) => entry.isThere)
        .map((entry) => (
          <a key={entry.id} href={`#${entry.id}`} className="section-link">
            {entry.label}
          </a>
        ))}
    </nav>
  );
}

function Result({ job, progress }: { job: Job; progress: JobProgress }) {
  const { t } = useTranslation();
  if (isTrainReport(job.report)) return <TrainReport report={job.report} />;
  const soFar = readLeaderboard(progress.partials.leaderboard);
  const others = Object.fromEntries(
    Object.entries(progress.partials).filter(([name]) => !(name === 'leaderboard' && soFar)),
  );
  return (
    <>
      {soFar ? <LeaderboardSection data={soFar} /> : null}
      {job.report && Object.keys(job.report).length > 0 ? (
        <Section title={t('job.result')} id="result">
          <ValueTree value={job.report} label={t('job.result')} />
        </Section>
      ) : null}
      {!job.report && Object.keys(others).length > 0 ? (
        <Section title={t('job.soFar')}>
          <ValueTree value={others} label={t('job.soFar')} />
        </Section>
      ) : null}
    </>
  );
}

function JobBody({ job, progress }: { job: Job; progress: JobProgress }) {
  const { t } = useTranslation();
  const ended = isFinal(job.state);
  const artifacts = useQuery({ ...jobArtifactsQuery(job.id), enabled: ended });
  const files = artifacts.data ?? [];
  return (
    <div className="stack">
      <ResultNavigation job={job} artifacts={files} />
      <JobFailure job={job} />
      <JobOrigin job={job} />
      <JobFacts job={job} />
      {ended ? null : (
        <div className="job-pair">
          <JobTimeline job={job} progress={progress} />
          <JobMetrics progress={progress} isEnded={false} />
        </div>
      )}
      <Result job={job} progress={progress} />
      {artifacts.error ? (
        <ProblemAlert error={artifacts.error} onRetry={() => void artifacts.refetch()} />
      ) : null}
      <Artifacts artifacts={files} />
      {ended ? (
        <div className="job-pair" id="run">
          <JobTimeline job={job} progress={progress} />
          <JobMetrics progress={progress} isEnded />
        </div>
      ) : null}
      <JobLog progress={progress} isEnded={ended} />
      <div className="job-pair">
        <Section title={t('newJob.params')}>
          <ValueTree value={job.params} label={t('newJob.params')} />
        </Section>
        <ApiSnippet job={job} />
      </div>
    </div>
  );
}

export function JobPage() {
  const { t } = useTranslation();
  const { jobId } = route.useParams();
  const client = useQueryClient();
  const polling = usePolling();
  const job = useQuery({
    ...jobQuery(jobId),
    // Progress comes with the stream; the rest of the job is looked at now and then.
    refetchInterval: ({ state }) => {
      if (state.error || !state.data || isFinal(state.data.state)) return false;
      return polling || RUNNING_POLL_MS;
    },
  });
  const onState = useCallback(
    (state: JobState) => {
      const known = client.getQueryData<Job>(['job', jobId]);
      if (known?.state !== state) void client.invalidateQueries({ queryKey: ['job', jobId] });
    },
    [client, jobId],
  );
  const progress = useJobStream(job.data ? jobId : null, onState);
  const parent = { to: '/jobs' as const, label: t('nav.jobs') };
  if (job.error && !job.data) {
    return (
      <>
        <PageHeader
          title={isNotFound(job.error) ? t('job.notFound') : t('job.one')}
          parent={parent}
        />
        <ProblemAlert error={job.error} onRetry={() => void job.refetch()} />
      </>
    );
  }
  if (!job.data) {
    return (
      <>
        <PageHeader title={t('job.one')} parent={parent} />
        <PageSkeleton />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={jobName(job.data)}
        parent={parent}
        summary={
          <span className="job-summary" aria-live="polite">
            <StateBadge state={job.data.state} testId="job-state" />
            {job.data.cancel_requested && !isFinal(job.data.state) ? (
              <span>{t('job.cancelling')}</span>
            ) : null}
            <code>{job.data.operation}</code>
          </span>
        }
      >
        <JobActions job={job.data} />
      </PageHeader>
      <JobBody job={job.data} progress={progress} />
    </>
  );
}
