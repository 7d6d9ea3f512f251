// What a training found: the best model, what its decisions rest on, where it errs.

import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { JsonObject, JsonValue } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { BarList } from '../parts/Bars';
import { Facts, Section } from '../parts/Section';
import { ValueTree } from '../parts/ValueTree';
import { ConfusionTable } from './ConfusionTable';
import { Leaderboard, readLeaderboard } from './Leaderboard';
import type { LeaderboardData } from './Leaderboard';

const MOST_BARS = 20;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readImportance(value: JsonValue | undefined): { label: string; value: number }[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isObject)
    .filter((item) => typeof item.column === 'string' && typeof item.importance === 'number')
    .map((item) => ({ label: String(item.column), value: Number(item.importance) }))
    .sort((one, other) => other.value - one.value)
    .slice(0, MOST_BARS);
}

function readConfusion(value: JsonValue | undefined) {
  if (!isObject(value) || !Array.isArray(value.labels) || !Array.isArray(value.counts)) return null;
  const counts = value.counts.map((row) => (Array.isArray(row) ? row.map(Number) : []));
  return { labels: value.labels.map(String), counts };
}

/** Fields that have a place of their own. */
const SHOWN = [
  'task',
  'target',
  'metric',
  'rows',
  'columns',
  'best',
  'leaderboard',
  'importance',
  'confusion',
  'warnings',
];

function Summary({ report }: { report: JsonObject }) {
  const { t } = useTranslation();
  const format = useFormat();
  const best = isObject(report.best) ? report.best : {};
  const text = (value: JsonValue | undefined) =>
    typeof value === 'number' ? format.integer(value) : String(value ?? '');
  return (
    <Facts
      facts={[
        { label: t('train.best'), value: <strong>{humanize(String(best.model ?? ''))}</strong> },
        {
          label: humanize(String(report.metric ?? t('train.score'))),
          value: <strong>{typeof best.score === 'number' ? format.number(best.score) : ''}</strong>,
        },
        { label: t('train.target'), value: text(report.target) },
        { label: t('train.task'), value: humanize(text(report.task)) },
        { label: t('dataset.rows'), value: text(report.rows) },
        { label: t('dataset.columns'), value: text(report.columns) },
      ]}
    />
  );
}

export const isTrainReport = (report: JsonObject | null): report is JsonObject =>
  report !== null && isObject(report.best) && readLeaderboard(report.leaderboard) !== null;

export function LeaderboardSection({ data }: { data: LeaderboardData }) {
  const { t } = useTranslation();
  return (
    <Section title={t('leaderboard.title')} id="leaderboard" flush>
      <Leaderboard data={data} />
    </Section>
  );
}

export function TrainReport({ report }: { report: JsonObject }) {
  const { t } = useTranslation();
  const format = useFormat();
  const leaderboard = readLeaderboard(report.leaderboard);
  const importance = readImportance(report.importance);
  const confusion = readConfusion(report.confusion);
  const warnings = Array.isArray(report.warnings) ? report.warnings.map(String) : [];
  const rest = Object.fromEntries(
    Object.entries(report).filter(([name, value]) => !SHOWN.includes(name) && value !== null),
  );
  return (
    <>
      <Section title={t('train.title')} id="result">
        <div className="stack">
          <Summary report={report} />
          {warnings.length > 0 ? (
            <Alert className="notice" title={t('train.warnings')}>
              <ul className="plain-list">
                {warnings.map((warning) => (
                  <li key={warning}>{warning}</li>
                ))}
              </ul>
            </Alert>
          ) : null}
        </div>
      </Section>
      {leaderboard ? <LeaderboardSection data={leaderboard} /> : null}
      {importance.length > 0 || confusion ? (
        <div className="job-pair">
          {importance.length > 0 ? (
            <Section title={t('train.importance')}>
              <BarList
                bars={importance}
                format={(value) => format.number(value, 3)}
                label={t('train.importance')}
                titles={[t('profile.column'), t('train.importanceTitle')]}
              />
            </Section>
          ) : null}
          {confusion ? (
            <Section title={t('train.confusion')}>
              <ConfusionTable {...confusion} />
            </Section>
          ) : null}
        </div>
      ) : null}
      {Object.keys(rest).length > 0 ? (
        <Section title={t('train.more')}>
          <details className="form-more">
            <summary>{t('train.showMore')}</summary>
            <ValueTree value={rest} label={t('train.more')} />
          </details>
        </Section>
      ) : null}
    </>
  );
}
