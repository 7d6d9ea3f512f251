// Numbers, sizes and times in the words of the chosen language.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export interface Format {
  integer: (value: number) => string;
  number: (value: number, digits?: number) => string;
  /** An amount far below a cent too, in units of a currency such as `USD`. */
  money: (amount: number, currency: string) => string;
  percent: (share: number, digits?: number) => string;
  bytes: (bytes: number) => string;
  time: (iso: string) => string;
  ago: (iso: string, now?: number) => string;
  duration: (milliseconds: number) => string;
}

export function createFormat(language: string): Format {
  const integer = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' });
  const number = (value: number, digits = 4) => {
    const size = Math.abs(value);
    const isExtreme = size !== 0 && (size >= 1e9 || size < 1e-4);
    return new Intl.NumberFormat(language, {
      maximumSignificantDigits: Math.max(digits, size >= 1 ? String(Math.trunc(size)).length : 0),
      notation: isExtreme ? 'scientific' : 'standard',
    }).format(value);
  };
  const unit = (value: number, name: string, digits: number) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      maximumFractionDigits: digits,
    }).format(value);

  return {
    integer: (value) => integer.format(value),
    number,
    money: (amount, currency) =>
      new Intl.NumberFormat(language, {
        style: 'currency',
        currency,
        currencyDisplay: 'code',
        maximumFractionDigits: 6,
      }).format(amount),
    percent: (share, digits = 0) =>
      new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(
        share,
      ),
    bytes: (bytes) => {
      const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), 4);
      return new Intl.NumberFormat(language, {
        style: 'unit',
        unit: UNITS[power],
        unitDisplay: power === 0 ? 'long' : 'short',
        maximumFractionDigits: power === 0 ? 0 : 1,
      }).format(bytes / 1000 ** power);
    },
    time: (iso) => time.format(new Date(iso)),
    ago: (iso, now = Date.now()) => {
      const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
      const [name, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ['second', 1];
      return relative.format(Math.trunc(seconds / size), name);
    },
    duration: (milliseconds) => {
      const seconds = Math.max(0, milliseconds) / 1000;
      if (seconds < 1) return unit(Math.round(seconds * 1000), 'millisecond', 0);
      if (seconds < 60) return unit(seconds, 'second', seconds < 10 ? 1 : 0);
      const minutes = Math.floor(seconds / 60);
      if (minutes < 60) {
        return `${unit(minutes, 'minute', 0)} ${unit(Math.floor(seconds % 60), 'second', 0)}`;
      }
      return `${unit(Math.floor(minutes / 60), 'hour', 0)} ${unit(minutes % 60, 'minute', 0)}`;
    },
  };
}

export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => createFormat(i18n.language), [i18n.language]);
}

const ACRONYMS = new Set([
  'api',
  'auc',
  'cpu',
  'csv',
  'gpu',
  'id',
  'mae',
  'mcc',
  'mse',
  'pr',
  'rmse',
  'roc',
]);

/** `max_depth`, `random-forest` and `roc_auc` as people write them. */
export function humanize(name: string): string {
  const text = name
    .split(/[\s_-]+/)
    .map((word) => (ACRONYMS.has(word.toLowerCase()) ? word.toUpperCase() : word))
    .join(' ')
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
