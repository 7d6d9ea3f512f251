// The first steps. They tick themselves off, and the list can be sent away for good.

import { CloseButton } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleDashed } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { apiKeysQuery, datasetsQuery } from '../api/queries';
import type { Job } from '../api/types';
import { ProgressBar } from '../parts/ProgressBar';
import { Section } from '../parts/Section';

interface Step {
  id: string;
  done: boolean;
  link: ReactNode;
}

export function Checklist({ jobs }: { jobs: Job[] | undefined }) {
  const { t } = useTranslation();
  const [isDismissed, setIsDismissed] = useLocalStorage({
    key: 'gantry-checklist-dismissed',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const datasets = useInfiniteQuery({ ...datasetsQuery(), enabled: !isDismissed });
  const keys = useQuery({ ...apiKeysQuery, enabled: !isDismissed });
  const tables = datasets.data?.pages[0]?.items;
  if (isDismissed || !jobs || !tables) return null;

  const succeeded = jobs.find((job) => job.state === 'succeeded');
  const profiled = tables.find((dataset) => dataset.latest.profiled);
  const steps: Step[] = [
    {
      id: 'upload',
      done: tables.length > 0,
      link: <Link to="/datasets">{t('checklist.upload')}</Link>,
    },
    {
      id: 'profile',
      done: profiled !== undefined,
      link: profiled ? (
        <Link to="/datasets/$datasetId" params={{ datasetId: profiled.id }}>
          {t('checklist.profile')}
        </Link>
      ) : (
        t('checklist.profile')
      ),
    },
    {
      id: 'job',
      done: jobs.length > 0,
      link: <Link to="/jobs/new">{t('checklist.job')}</Link>,
    },
    {
      id: 'result',
      done: succeeded !== undefined,
      link: succeeded ? (
        <Link to="/jobs/$jobId" params={{ jobId: succeeded.id }}>
          {t('checklist.result')}
        </Link>
      ) : (
        t('checklist.result')
      ),
    },
    {
      id: 'key',
      done: (keys.data?.length ?? 0) > 0,
      link: <Link to="/account/keys">{t('checklist.key')}</Link>,
    },
  ];
  const done = steps.filter((step) => step.done).length;
  if (done === steps.length) return null;

  return (
    <Section
      title={t('checklist.title')}
      actions={
        <>
          <span className="muted small">{t('checklist.done', { done, total: steps.length })}</span>
          <CloseButton aria-label={t('checklist.dismiss')} onClick={() => setIsDismissed(true)} />
        </>
      }
    >
      <ProgressBar fraction={done / steps.length} label={t('checklist.title')} />
      <ul className="checklist">
        {steps.map((step) => (
          <li key={step.id} data-done={step.done}>
            {step.done ? (
              <CircleCheck size={18} aria-label={t('checklist.isDone')} />
            ) : (
              <CircleDashed size={18} aria-label={t('checklist.isOpen')} />
            )}
            {step.link}
          </li>
        ))}
      </ul>
    </Section>
  );
}
