import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { schedulesQuery, timeZoneQuery } from '../api/queries';
import type { Schedule } from '../api/types';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';
import { When } from '../parts/When';
import { ScheduleActions } from '../schedule/ScheduleActions';

export function SchedulesPage() {
  const { t } = useTranslation();
  const schedules = useInfiniteQuery(schedulesQuery);
  const zone = useQuery(timeZoneQuery);
  const rows = schedules.data?.pages.flatMap((page) => page.items);
  const columns = useMemo(
    (): Column<Schedule>[] => [
      { id: 'name', title: t('schedules.name'), lead: true, cell: (schedule) => schedule.name },
      {
        id: 'operation',
        title: t('job.operation'),
        cell: (schedule) => <code>{schedule.operation}</code>,
      },
      { id: 'cron', title: t('schedules.cron'), cell: (schedule) => <code>{schedule.cron}</code> },
      {
        id: 'next',
        title: t('schedules.next'),
        cell: (schedule) =>
          schedule.next_at ? <When at={schedule.next_at} /> : t('schedules.paused'),
      },
      {
        id: 'last',
        title: t('schedules.last'),
        cell: (schedule) =>
          schedule.last_job ? (
            <Link to="/jobs/$jobId" params={{ jobId: schedule.last_job }} className="mono">
              {schedule.last_job.slice(0, 8)}
            </Link>
          ) : null,
      },
      {
        id: 'actions',
        title: t('list.actions'),
        cell: (schedule) => <ScheduleActions schedule={schedule} />,
      },
    ],
    [t],
  );
  return (
    <>
      <PageHeader
        title={t('nav.schedules')}
        summary={t('schedules.summary', { zone: zone.data ?? 'UTC' })}
      />
      {schedules.error ? (
        <ProblemAlert error={schedules.error} onRetry={() => void schedules.refetch()} />
      ) : null}
      {schedules.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <div className="panel">
          {rows.length > 0 ? (
            <>
              <DataTable
                label={t('nav.schedules')}
                columns={columns}
                rows={rows}
                rowKey={(schedule) => schedule.id}
                rowTestId="schedule-row"
              />
              <MoreButton {...schedules} />
            </>
          ) : (
            <Empty text={t('schedules.empty')} />
          )}
        </div>
      ) : null}
    </>
  );
}
