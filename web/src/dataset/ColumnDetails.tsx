import { useTranslation } from 'react-i18next';

import type { ColumnProfile, Histogram } from '../api/types';
import { useFormat } from '../app/format';
import type { Format } from '../app/format';
import { BarList } from '../parts/Bars';
import { Facts } from '../parts/Section';

type NumberSummary = Extract<ColumnProfile['summary'], { type: 'numbers' }>;

function edge(value: number | string | undefined, format: Format): string {
  if (value === undefined) return '';
  return typeof value === 'number' ? format.number(value) : value.slice(0, 10);
}

function HistogramBars({ histogram, name }: { histogram: Histogram; name: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const bars = histogram.counts.map((value, index) => ({
    label: `${edge(histogram.edges[index], format)} – ${edge(histogram.edges[index + 1], format)}`,
    value,
  }));
  return (
    <BarList
      bars={bars}
      format={format.integer}
      label={t('profile.chartOf', { column: name })}
      titles={[t('profile.range'), t('profile.count')]}
    />
  );
}

function useNumberFacts(summary: NumberSummary | null) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!summary) return [];
  const show = (value: number | null) => (value === null ? t('value.none') : format.number(value));
  return [
    { label: t('profile.mean'), value: show(summary.mean) },
    { label: t('profile.std'), value: show(summary.std) },
    { label: t('profile.zeros'), value: format.integer(summary.zeros) },
    { label: t('profile.negatives'), value: format.integer(summary.negatives) },
    ...summary.quantiles.points.map(([share, value]) => ({
      label: t('profile.quantile', { share: format.percent(share) }),
      value: `${summary.quantiles.approximate ? '≈ ' : ''}${format.number(value)}`,
    })),
  ];
}

export function ColumnDetails({ column, rows }: { column: ColumnProfile; rows: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { summary } = column;
  const numberFacts = useNumberFacts(summary.type === 'numbers' ? summary : null);
  const show = (value: number | null) => (value === null ? t('value.none') : format.number(value));
  return (
    <div className="stack">
      <Facts
        facts={[
          { label: t('profile.kind'), value: t(`kind.${column.kind}`) },
          {
            label: t('profile.missing'),
            value: `${format.integer(column.missing)} / ${format.integer(rows)}`,
          },
          { label: t('profile.distinct'), value: format.integer(column.distinct.value) },
          ...numberFacts,
          ...(summary.type === 'texts'
            ? [
                { label: t('profile.minChars'), value: show(summary.min_chars) },
                { label: t('profile.meanChars'), value: show(summary.mean_chars) },
                { label: t('profile.maxChars'), value: show(summary.max_chars) },
              ]
            : []),
        ]}
      />
      {summary.type === 'numbers' || summary.type === 'dates' ? (
        <HistogramBars histogram={summary.histogram} name={column.name} />
      ) : null}
      {summary.type === 'levels' ? (
        <BarList
          bars={[
            ...summary.top.map((level) => ({ label: level.label, value: level.count })),
            ...(summary.other > 0 ? [{ label: t('profile.other'), value: summary.other }] : []),
          ]}
          format={format.integer}
          label={t('profile.chartOf', { column: column.name })}
          titles={[t('profile.level'), t('profile.count')]}
        />
      ) : null}
    </div>
  );
}
