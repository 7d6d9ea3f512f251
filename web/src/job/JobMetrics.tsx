import { Button, NativeSelect } from '@mantine/core';
import { Suspense, lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { JobProgress } from '../api/jobStream';
import { humanize, useFormat } from '../app/format';
import { PageSkeleton } from '../parts/PageSkeleton';
import { Section } from '../parts/Section';

const LineChart = lazy(() => import('../parts/LineChart'));

const MOST_ROWS = 500;

function MetricTable({ points, name }: { points: [number, number][]; name: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="table-scroll metric-table" role="group" aria-label={name} tabIndex={0}>
      <table className="table table-plain">
        <thead>
          <tr>
            <th scope="col">{t('metrics.step')}</th>
            <th scope="col" className="numeric">
              {humanize(name)}
            </th>
          </tr>
        </thead>
        <tbody>
          {points.slice(-MOST_ROWS).map(([step, value], index) => (
            <tr key={index}>
              <td>{format.integer(step)}</td>
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
  const names = Object.keys(progress.metrics);
  const [wanted, setWanted] = useState('');
  const [isTable, setIsTable] = useState(false);
  const name = names.includes(wanted) ? wanted : names[0];
  const points = name === undefined ? [] : (progress.metrics[name] ?? []);
  return (
    <Section
      title={t('metrics.title')}
      testId="job-metrics"
      actions={
        name === undefined ? null : (
          <>
            {names.length > 1 ? (
              <NativeSelect
                size="xs"
                aria-label={t('metrics.which')}
                value={name}
                onChange={(event) => setWanted(event.currentTarget.value)}
                data={names.map((each) => ({ value: each, label: humanize(each) }))}
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
        )
      }
    >
      {name === undefined ? (
        <p className="muted">{isEnded ? t('metrics.none') : t('metrics.notYet')}</p>
      ) : null}
      {name !== undefined && isTable ? <MetricTable points={points} name={name} /> : null}
      {name !== undefined && !isTable ? (
        <Suspense fallback={<PageSkeleton rows={4} />}>
          <LineChart name={humanize(name)} points={points} />
        </Suspense>
      ) : null}
    </Section>
  );
}
