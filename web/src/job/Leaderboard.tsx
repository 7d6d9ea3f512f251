// Candidates by score, while they come in and when all are there.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import type { JsonObject, JsonValue } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { Badge } from '../parts/StateBadge';

export interface LeaderboardRow {
  rank: number;
  model: string;
  score: number | null;
  score_std: number | null;
  fit_seconds: number | null;
  params: JsonObject;
  status: string;
}

export interface LeaderboardData {
  metric: string;
  greater_is_better: boolean;
  rows: LeaderboardRow[];
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const number = (value: JsonValue | undefined) => (typeof value === 'number' ? value : null);

/** Takes what an engine published, if it is a leaderboard. */
export function readLeaderboard(value: JsonValue | undefined): LeaderboardData | null {
  if (!isObject(value) || !Array.isArray(value.rows) || typeof value.metric !== 'string') {
    return null;
  }
  const rows = value.rows.filter(isObject).map((row, index) => ({
    rank: number(row.rank) ?? index + 1,
    model: String(row.model ?? ''),
    score: number(row.score),
    score_std: number(row.score_std),
    fit_seconds: number(row.fit_seconds),
    params: isObject(row.params) ? row.params : {},
    status: typeof row.status === 'string' ? row.status : 'ok',
  }));
  return { metric: value.metric, greater_is_better: value.greater_is_better !== false, rows };
}

function Params({ params }: { params: JsonObject }) {
  const entries = Object.entries(params).filter(([, value]) => value !== null);
  if (entries.length === 0) return null;
  const text = entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
  return (
    <span className="clip small muted" title={text}>
      {text}
    </span>
  );
}

/** States that go without saying. */
const QUIET = ['ok', 'done'];

export function Leaderboard({ data }: { data: LeaderboardData }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns = useMemo((): Column<LeaderboardRow>[] => {
    const worst = data.greater_is_better ? -Infinity : Infinity;
    return [
      {
        id: 'model',
        title: t('leaderboard.model'),
        lead: true,
        sortBy: (row) => row.model,
        cell: (row) => (
          <span className="model-cell">
            {humanize(row.model)}
            {QUIET.includes(row.status) ? null : (
              <Badge tone={row.status === 'failed' ? 'bad' : 'info'}>{humanize(row.status)}</Badge>
            )}
          </span>
        ),
      },
      {
        id: 'rank',
        title: t('leaderboard.rank'),
        numeric: true,
        sortBy: (row) => row.rank,
        cell: (row) => row.rank,
      },
      {
        id: 'score',
        title: humanize(data.metric),
        numeric: true,
        sortBy: (row) => row.score ?? worst,
        descFirst: data.greater_is_better,
        cell: (row) => (row.score === null ? null : <strong>{format.number(row.score)}</strong>),
      },
      {
        id: 'std',
        title: t('leaderboard.std'),
        numeric: true,
        cell: (row) => (row.score_std === null ? null : `± ${format.number(row.score_std, 2)}`),
      },
      {
        id: 'time',
        title: t('leaderboard.time'),
        numeric: true,
        sortBy: (row) => row.fit_seconds ?? Infinity,
        cell: (row) =>
          row.fit_seconds === null || row.score === null
            ? null
            : format.duration(row.fit_seconds * 1000),
      },
      {
        id: 'params',
        title: t('leaderboard.params'),
        cell: (row) => <Params params={row.params} />,
      },
    ];
  }, [data.greater_is_better, data.metric, format, t]);
  return (
    <>
      <DataTable
        label={t('leaderboard.title')}
        testId="leaderboard"
        columns={columns}
        rows={data.rows}
        rowKey={(row) => `${row.rank} ${row.model} ${JSON.stringify(row.params)}`}
        rowData={(row) => ({ 'data-best': String(row.rank === 1) })}
      />
      <p className="muted small panel-note">
        {data.greater_is_better ? t('leaderboard.greater') : t('leaderboard.smaller')}
      </p>
    </>
  );
}
