// Units of meters in words: an amount for the meter that counts money, whole numbers for the others.

import type { Format } from '../app/format';

/** The meter that counts money, in millionths, by the month and by the day. */
const OF_MONEY = new Set(['ai_cost', 'ai_cost.day']);
const MILLION = 1_000_000;

/** `currency` is the edition's, where it is known. */
export function tellUnits(
  format: Format,
  meter: string,
  units: number,
  currency?: string | null,
): string {
  return currency && OF_MONEY.has(meter)
    ? format.money(units / MILLION, currency)
    : format.integer(units);
}
