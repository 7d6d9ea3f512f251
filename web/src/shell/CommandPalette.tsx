// ⌘K: every page, every operation, and the latest jobs and datasets.

import { Modal } from '@mantine/core';
import { Spotlight, spotlight } from '@mantine/spotlight';
import type { SpotlightActionData, SpotlightActionGroupData } from '@mantine/spotlight';
import '@mantine/spotlight/styles.css';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Database, ListChecks, Play, Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { datasetsQuery, jobsQuery, operationsQuery } from '../api/queries';
import { RUN_WORKFLOW } from '../api/types';
import { ADMIN, OWN, WORK } from './Navigation';

const RECENT = 20;

function useActions(isAdministrator: boolean): SpotlightActionGroupData[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const operations = useQuery(operationsQuery);
  const jobs = useInfiniteQuery(jobsQuery({}, RECENT));
  const datasets = useInfiniteQuery(datasetsQuery());

  const pages = [...WORK, ...OWN, ...(isAdministrator ? ADMIN : [])].map(
    ({ to, label, icon: Icon }): SpotlightActionData => ({
      id: to,
      label: t(label),
      leftSection: <Icon size={18} aria-hidden />,
      onClick: () => void navigate({ to }),
    }),
  );
  const starts = (operations.data ?? [])
    .filter(({ id }) => id !== RUN_WORKFLOW)
    .map((operation): SpotlightActionData => ({
      id: `start-${operation.id}`,
      label: operation.title,
      description: operation.id,
      leftSection: <Play size={18} aria-hidden />,
      onClick: () => void navigate({ to: '/jobs/new', search: { operation: operation.id } }),
    }));
  const recentJobs = (jobs.data?.pages[0]?.items ?? []).map((job): SpotlightActionData => ({
    id: job.id,
    label: job.label ?? job.operation_title,
    description: `${t(`state.${job.state}`)} · ${Object.values(job.input_names).join(', ')}`,
    keywords: [job.id, job.operation],
    leftSection: <ListChecks size={18} aria-hidden />,
    onClick: () => void navigate({ to: '/jobs/$jobId', params: { jobId: job.id } }),
  }));
  const tables = (datasets.data?.pages[0]?.items ?? []).map((dataset): SpotlightActionData => ({
    id: dataset.id,
    label: dataset.name,
    description: dataset.latest.file_name,
    leftSection: <Database size={18} aria-hidden />,
    onClick: () => void navigate({ to: '/datasets/$datasetId', params: { datasetId: dataset.id } }),
  }));
  return [
    { group: t('palette.pages'), actions: pages },
    { group: t('palette.operations'), actions: starts },
    { group: t('palette.jobs'), actions: recentJobs },
    { group: t('palette.datasets'), actions: tables },
  ];
}

const MOST_FOUND = 12;

/** Actions whose label, description or keywords hold every word. */
function findActions(groups: SpotlightActionGroupData[], query: string) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let left = MOST_FOUND;
  return groups.flatMap(({ group, actions }) => {
    const fitting = actions.filter(({ label, description, keywords }) => {
      const text = [label, description, keywords].flat().join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const shown = fitting.slice(0, left);
    left -= shown.length;
    return shown.length > 0 ? [{ group, actions: shown }] : [];
  });
}

export interface CommandPaletteProps {
  asked: number;
  isAdministrator: boolean;
}

export default function CommandPalette({ asked, isAdministrator }: CommandPaletteProps) {
  const { t } = useTranslation();
  const groups = useActions(isAdministrator);
  const [query, setQuery] = useState('');
  const found = findActions(groups, query);
  useEffect(() => {
    spotlight.open();
  }, [asked]);
  return (
    <Spotlight.Root
      shortcut={null}
      query={query}
      onQueryChange={setQuery}
      scrollable
      maxHeight={420}
    >
      <Modal.Title className="palette-title">{t('palette.title')}</Modal.Title>
      <Spotlight.Search
        leftSection={<Search size={18} aria-hidden />}
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.placeholder')}
      />
      <Spotlight.ActionsList>
        {found.length === 0 ? <Spotlight.Empty>{t('palette.nothing')}</Spotlight.Empty> : null}
        {found.map(({ group, actions }) => (
          <Spotlight.ActionsGroup key={group} label={group}>
            {actions.map(({ id, keywords: _words, ...action }) => (
              <Spotlight.Action key={id} {...action} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
