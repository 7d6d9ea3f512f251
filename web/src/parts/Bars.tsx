// Small bar charts out of plain boxes: no library, and the numbers stand beside them.

import { useTranslation } from 'react-i18next';

import { useFormat } from '../app/format';

export interface ColumnsProps {
  counts: number[];
  /** What is seen, in words. */
  label: string;
}

/** A histogram as small as a line of text. */
export function Columns({ counts, label }: ColumnsProps) {
  const most = Math.max(...counts, 1);
  const width = 100 / Math.max(counts.length, 1);
  return (
    <svg
      className="columns"
      viewBox="0 0 100 28"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {counts.map((count, index) => {
        const height = count === 0 ? 0 : Math.max(1, (count / most) * 27);
        return (
          <rect
            key={index}
            x={index * width + width * 0.06}
            y={28 - height}
            width={width * 0.88}
            height={height}
          />
        );
      })}
    </svg>
  );
}

export interface BarListProps {
  bars: { label: string; value: number }[];
  format: (value: number) => string;
  label: string;
  titles: [string, string];
}

/** Names with a bar and a number each, as a table. */
export function BarList({ bars, format, label, titles }: BarListProps) {
  const most = Math.max(...bars.map((bar) => Math.abs(bar.value)), Number.MIN_VALUE);
  return (
    <table className="bars" aria-label={label}>
      <colgroup>
        <col className="bars-name" />
        <col />
        <col className="bars-value" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">{titles[0]}</th>
          <th scope="col" colSpan={2}>
            {titles[1]}
          </th>
        </tr>
      </thead>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.label}>
            <th scope="row">{bar.label}</th>
            <td className="bar-cell" aria-hidden>
              <span
                className="bar"
                style={{ width: `${(Math.max(bar.value, 0) / most) * 100}%` }}
              />
            </td>
            <td className="numeric">{format(bar.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export interface MeterBarProps {
  used: number;
  limit: number | null;
  label: string;
  /** Units in words; whole numbers if not given. */
  tell?: (units: number) => string;
}

const NEARLY_FULL = 0.8;

export function MeterBar({ used, limit, label, tell }: MeterBarProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const inWords = tell ?? format.integer;
  const share = limit ? Math.min(used / limit, 1) : 0;
  const text =
    limit === null
      ? t('meter.unlimited', { used: inWords(used) })
      : t('meter.of', { used: inWords(used), limit: inWords(limit) });
  return (
    <div className="meter">
      <div className="meter-text">
        <span>{label}</span>
        <span className="numeric">{text}</span>
      </div>
      {limit ? (
        <div
          className="meter-bar"
          role="meter"
          aria-label={label}
          aria-valuenow={used}
          aria-valuemin={0}
          aria-valuemax={limit}
          aria-valuetext={text}
        >
          <span
            className={share >= NEARLY_FULL ? 'meter-fill meter-full' : 'meter-fill'}
            style={{ width: `${share * 100}%` }}
          />
        </div>
      ) : null}
    </div>
  );
}
