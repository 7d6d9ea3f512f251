// Which lines of the ledger are wanted: as it stands in the address, and as the API takes it.
// Days are those of the person who looks, and the last one is meant as a whole.

import { LEDGER_REASONS } from '../api/types';
import type { LedgerReason } from '../api/types';

export interface LedgerFilter {
  reason?: LedgerReason;
  job?: string;
  /** The first day, such as `2026-11-27`. */
  from?: string;
  /** The last day. */
  to?: string;
}

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Midnight at the beginning of a day, or so many days after it; nothing for what is no day. */
function midnight(day: unknown, later = 0): Date | undefined {
  if (typeof day !== 'string' || !DAY.test(day)) return undefined;
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const begin = new Date(year, month - 1, date + later);
  return Number.isNaN(begin.getTime()) ? undefined : begin;
}

export const isJobId = (text: string): boolean => ID.test(text);

/** What an address says; what it cannot mean is left out. */
export function readLedgerFilter(raw: Record<string, unknown>): LedgerFilter {
  return {
    reason: LEDGER_REASONS.find((known) => known === raw.reason),
    job: typeof raw.job === 'string' && isJobId(raw.job) ? raw.job : undefined,
    from: midnight(raw.from) ? String(raw.from) : undefined,
    to: midnight(raw.to) ? String(raw.to) : undefined,
  };
}

export const isFiltering = (filter: LedgerFilter): boolean =>
  Object.values(filter).some((part) => part !== undefined);

/** As the API takes it. */
export const queryOf = ({ reason, job, from, to }: LedgerFilter) => ({
  reason,
  job,
  from: midnight(from)?.toISOString(),
  to: midnight(to, 1)?.toISOString(),
});
