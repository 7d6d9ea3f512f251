import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CirclePlus } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { accountQuery, jobsQuery } from '../api/queries';
import { isFinal } from '../api/types';
import type { Account, Job } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { usePolling } from '../app/live';
import { useMe } from '../app/me';
import { ChosenPlan } from '../billing/ChosenPlan';
import { tellUnits } from '../billing/meterUnits';
import { standingFacts } from '../billing/pricing';
import { Checklist } from '../home/Checklist';
import { TrySample } from '../dataset/samples';
import { findConcerns } from '../home/concerns';
import { JobTable, jobName } from '../job/JobTable';
import { MeterBar } from '../parts/Bars';
import { InlineCode } from '../parts/InlineCode';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Facts, Section } from '../parts/Section';
import { StateBadge } from '../parts/StateBadge';
import { When } from '../parts/When';

const RECENT = 8;

function Concerns({ jobs, account }: { jobs: Job[]; account: Account | undefined }) {
  const { t } = useTranslation();
  const concerns = findConcerns(jobs, account);
  return (
    <Section title={t('home.needsMe')}>
      {concerns.length === 0 ? (
        <p className="muted">{t('home.nothing')}</p>
      ) : (
        <ul className="concerns">
          {concerns.map((concern) =>
            concern.kind === 'credits' ? (
              <li key="credits">
                <Link to="/account">{t('home.creditsLow', { credits: concern.available })}</Link>
              </li>
            ) : (
              <li key={concern.job.id}>
                <StateBadge state={concern.job.state} />
                <Link to="/jobs/$jobId" params={{ jobId: concern.job.id }}>
                  {jobName(concern.job)}
                </Link>
                <span className="muted small">
                  {concern.job.error ? (
                    <InlineCode text={concern.job.error.message} />
                  ) : (
                    <When at={concern.job.created_at} />
                  )}
                </span>
              </li>
            ),
          )}
        </ul>
      )}
    </Section>
  );
}

function Credits({ account }: { account: Account }) {
  const { t } = useTranslation();
  const format = useFormat();
  const costs = account.plan.terms.jobs_cost_credits;
  return (
    <Section
      title={t(costs ? 'home.credits' : 'nav.jobs')}
      actions={<Link to="/account">{t('home.toAccount')}</Link>}
    >
      <div className="stack">
        <Facts facts={standingFacts(account, t, format)} />
        {account.meters
          .filter((meter) => meter.limit !== null)
          .slice(0, 3)
          .map((meter) => (
            <MeterBar
              key={meter.meter}
              label={humanize(meter.meter)}
              used={meter.used + meter.reserved}
              limit={meter.limit}
              tell={(units) => tellUnits(format, meter.meter, units, meter.currency)}
            />
          ))}
      </div>
    </Section>
  );
}

function RecentJobs({ jobs }: { jobs: Job[] }) {
  const { t } = useTranslation();
  return (
    <Section
      title={t('home.recent')}
      flush
      actions={jobs.length > 0 ? <Link to="/jobs">{t('home.allJobs')}</Link> : null}
    >
      {jobs.length === 0 ? (
        <Empty text={t('home.noJobs')}>
          <TrySample />
        </Empty>
      ) : (
        <JobTable jobs={jobs} label={t('home.recent')} isShort />
      )}
    </Section>
  );
}

export function HomePage() {
  const { t } = useTranslation();
  const me = useMe();
  const refetchInterval = usePolling();
  const jobs = useInfiniteQuery({ ...jobsQuery({}, RECENT), refetchInterval });
  const account = useQuery({ ...accountQuery, refetchInterval });
  const items = jobs.data?.pages[0]?.items;
  const name = me.user.name.split(' ')[0];
  const running = items?.filter((job) => !isFinal(job.state)).length ?? 0;
  return (
    <>
      <PageHeader
        title={name ? t('home.greeting', { name }) : t('nav.home')}
        summary={running > 0 ? t('home.underWay', { count: running }) : t('home.summary')}
      >
        <Button
          leftSection={<CirclePlus size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/jobs/new" {...props} />}
        >
          {t('nav.newJob')}
        </Button>
      </PageHeader>
      <div className="stack">
        {account.data ? <ChosenPlan account={account.data} /> : null}
        <Checklist jobs={items} />
        {jobs.error ? (
          <ProblemAlert error={jobs.error} onRetry={() => void jobs.refetch()} />
        ) : null}
        {jobs.isPending ? <PageSkeleton /> : null}
        {items ? (
          <>
            <div className="home-pair">
              <Concerns jobs={items} account={account.data} />
              {account.data ? <Credits account={account.data} /> : null}
            </div>
            <RecentJobs jobs={items} />
          </>
        ) : null}
      </div>
    </>
  );
}
