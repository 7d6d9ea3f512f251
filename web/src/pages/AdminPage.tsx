import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { CancelJob } from '../admin/CancelJob';
import { adminQuery } from '../api/adminQueries';
import type { AdminOverview } from '../api/types';
import { useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Facts, Section } from '../parts/Section';

type Queue = AdminOverview['queues'][number];

export function AdminPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const overview = useQuery(adminQuery);
  const columns = useMemo(
    (): Column<Queue>[] => [
      {
        id: 'queue',
        title: t('admin.queue'),
        lead: true,
        cell: (queue) => `${queue.device} · ${queue.class}`,
      },
      {
        id: 'queued',
        title: t('state.queued'),
        numeric: true,
        cell: (queue) => format.integer(queue.queued),
      },
      {
        id: 'running',
        title: t('state.running'),
        numeric: true,
        cell: (queue) => format.integer(queue.running),
      },
    ],
    [format, t],
  );
  return (
    <AdminFrame title={t('nav.admin')} summary={t('admin.summary')}>
      {overview.error ? (
        <ProblemAlert error={overview.error} onRetry={() => void overview.refetch()} />
      ) : null}
      {overview.isPending ? <PageSkeleton /> : null}
      {overview.data ? (
        <>
          <Section title={t('admin.server')}>
            <Facts
              facts={[
                { label: t('admin.version'), value: overview.data.version },
                {
                  label: t('admin.uptime'),
                  value: format.duration(overview.data.uptime_s * 1000),
                },
                { label: t('admin.users'), value: format.integer(overview.data.users) },
              ]}
            />
          </Section>
          <Section title={t('admin.queues')} flush>
            {overview.data.queues.length > 0 ? (
              <DataTable
                label={t('admin.queues')}
                columns={columns}
                rows={overview.data.queues}
                rowKey={(queue) => `${queue.device} ${queue.class}`}
              />
            ) : (
              <Empty text={t('admin.idle')} />
            )}
          </Section>
          <CancelJob />
        </>
      ) : null}
    </AdminFrame>
  );
}
