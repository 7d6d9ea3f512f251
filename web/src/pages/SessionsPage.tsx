import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { sessionsQuery } from '../api/queries';
import type { Session } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/curl\//, 'curl'],
  [/gantry/i, 'Gantry'],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux/, 'Linux'],
];

/** Browser and system out of a user agent, good enough to recognise one's own devices. */
export function describeAgent(agent: string | null): string | null {
  if (!agent) return null;
  const find = (table: [RegExp, string][]) => table.find(([pattern]) => pattern.test(agent))?.[1];
  const words = [find(BROWSERS), find(SYSTEMS)].filter((word) => word !== undefined);
  return words.length > 0 ? words.join(', ') : agent.slice(0, 60);
}

function EndSession({ session }: { session: Session }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.send('DELETE', `/sessions/${session.id}`),
    onSuccess: () => {
      say(t('sessions.ended'));
      void client.invalidateQueries({ queryKey: ['sessions'] });
    },
    onError: sayProblem,
  });
  if (session.current) return <Badge tone="good">{t('sessions.current')}</Badge>;
  return (
    <ConfirmButton
      label={t('sessions.end')}
      question={t('sessions.endQuestion')}
      consequence={t('sessions.endText')}
      isBusy={end.isPending}
      onConfirm={() => end.mutate()}
      size="compact-sm"
    />
  );
}

export function SessionsPage() {
  const { t } = useTranslation();
  const sessions = useQuery(sessionsQuery);
  const columns = useMemo(
    (): Column<Session>[] => [
      {
        id: 'agent',
        title: t('sessions.agent'),
        lead: true,
        cell: (session) => (
          <span title={session.user_agent ?? undefined}>
            {describeAgent(session.user_agent) ?? t('value.unknown')}
          </span>
        ),
      },
      {
        id: 'purpose',
        title: t('sessions.purpose'),
        cell: ({ purpose }) => t(`sessions.purposes.${purpose}`),
      },
      { id: 'ip', title: t('sessions.ip'), cell: (session) => session.ip ?? t('value.unknown') },
      {
        id: 'created',
        title: t('sessions.created'),
        cell: (session) => <When at={session.created_at} />,
      },
      {
        id: 'used',
        title: t('keys.used'),
        cell: (session) => <When at={session.last_used_at} />,
      },
      {
        id: 'expires',
        title: t('keys.expires'),
        cell: (session) => <When at={session.expires_at} />,
      },
      {
        id: 'actions',
        title: t('list.actions'),
        cell: (session) => <EndSession session={session} />,
      },
    ],
    [t],
  );
  return (
    <>
      <PageHeader title={t('nav.sessions')} summary={t('sessions.summary')} />
      {sessions.error ? (
        <ProblemAlert error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : null}
      {sessions.isPending ? <PageSkeleton /> : null}
      {sessions.data ? (
        <div className="panel">
          <DataTable
            label={t('nav.sessions')}
            columns={columns}
            rows={sessions.data}
            rowKey={(session) => session.id}
          />
        </div>
      ) : null}
    </>
  );
}
