// What limits are called, and how much they allow, in words: `per_month.rows` is "Rows a month".

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { offersQuery } from '../api/queries';
import { humanize, useFormat } from '../app/format';
import { tellUnits } from './meterUnits';

/** Limits that name no meter. */
export const PLAIN_LIMITS = ['concurrent_jobs', 'seats', 'retention_days', 'file_bytes'] as const;
/** How limits begin that name one. */
export const METER_LIMITS = ['per_month', 'per_day', 'per_job'] as const;

export interface LimitWords {
  nameOf: (limit: string) => string;
  /** `null` does not limit. */
  tell: (limit: string, value: number | null) => string;
}

export function useLimitWords(): LimitWords {
  const { t } = useTranslation();
  const format = useFormat();
  const offers = useQuery(offersQuery).data;
  const meters = offers?.meters;
  const currency = offers?.currency;
  return useMemo(
    (): LimitWords => ({
      nameOf: (limit) => {
        const plain = PLAIN_LIMITS.find((name) => name === limit);
        if (plain) return t(`ownLimits.names.${plain}`);
        const each = METER_LIMITS.find((name) => limit.startsWith(`${name}.`));
        if (!each) return limit;
        const meter = limit.slice(each.length + 1);
        return t(`ownLimits.names.${each}`, { meter: meters?.[meter] ?? humanize(meter) });
      },
      tell: (limit, value) => {
        if (value === null) return t('ownLimits.unlimited');
        if (limit === 'file_bytes') return format.bytes(value);
        return tellUnits(format, limit.slice(limit.indexOf('.') + 1), value, currency);
      },
    }),
    [currency, format, meters, t],
  );
}
