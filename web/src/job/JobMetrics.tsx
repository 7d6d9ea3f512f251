import { Button, NativeSelect } from '@mantine/core';
import { Suspense, lazy, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { JobProgress } from '../api/jobStream';
import { humanize, useFormat } from '../app/format';
import { PageSkeleton } from '../parts/PageSkeleton';
import { Section } from '../parts/Section';
import { groupMetrics } from './metricGroups';
import type { MetricGroup } from './metricGroups';

const LineChart = lazy(() => import('../parts/LineChart'));

const MOST_ROWS = 500;

function MetricTable({ group }: { group: MetricGroup }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = group.series
    .flatMap(({ name, points }) => points.map(([step, value]) => ({ name, step, value })))
    .slice(-MOST_ROWS);
  return (
    <div
      className="table-scroll metric-table"
      role="group"
      aria-label={humanize(group.name)}
      tabIndex={0}
    >
      <table className="table table-plain">
        <thead>
          <tr>
            <th scope="col">{t('metrics.series')}</th>
            <th scope="col" className="numeric">
              {t('metrics.step')}
            </th>
            <th scope="col" className="numeric">
              {humanize(group.name)}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, step, value }, index) => (
            <tr key={index}>
              <td>{humanize(name)}</td>
              <td className="numeric">{format.integer(step)}</td>
              <td className="numeric">{format.number(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Measurements over the job's own steps, live. */
export function JobMetrics({ progress, isEnded }: { progress: JobProgress; isEnded: boolean }) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState('');
  const [isTable, setIsTable] = useState(false);
  const groups = useMemo(() => groupMetrics(progress.metrics), [progress.metrics]);
  const group = groups.find(({ name }) => name === wanted) ?? groups[0];
  return (
    <Section
      title={t('metrics.title')}
      testId="job-metrics"
      actions={
        group ? (
          <>
            {groups.length > 1 ? (
              <NativeSelect
                size="xs"
                aria-label={t('metrics.which')}
                value={group.name}
                onChange={(event) => setWanted(event.currentTarget.value)}
                data={groups.map(({ name }) => ({ value: name, label: humanize(name) }))}
              />
            ) : null}
            <Button
              size="compact-sm"
              variant="default"
              aria-pressed={isTable}
              onClick={() => setIsTable(!isTable)}
            >
              {t('metrics.table')}
            </Button>
          </>
        ) : null
      }
    >
      {group ? null : <p className="muted">{isEnded ? t('metrics.none') : t('metrics.notYet')}</p>}
      {group && isTable ? <MetricTable group={group} /> : null}
      {group && !isTable ? (
        <Suspense fallback={<PageSkeleton rows={4} />}>
          <LineChart name={humanize(group.name)} series={group.series} />
        </Suspense>
      ) : null}
    </Section>
  );
}
