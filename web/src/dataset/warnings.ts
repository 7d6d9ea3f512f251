// What the reader decided or repaired, in words.

import type { TFunction } from 'i18next';

import type { Profile } from '../api/types';

const KEYS = {
  duplicate_header: 'warning.duplicateHeader',
  empty_header: 'warning.emptyHeader',
  short_rows: 'warning.shortRows',
  trailing_cells: 'warning.trailingCells',
  encoding_assumed: 'warning.encodingAssumed',
  ambiguous_dates: 'warning.ambiguousDates',
  ambiguous_numbers: 'warning.ambiguousNumbers',
  mostly_numbers: 'warning.mostlyNumbers',
  unreadable_cells: 'warning.unreadableCells',
  new_levels: 'warning.newLevels',
  column_not_found: 'warning.columnNotFound',
} as const;

const isKnown = (code: string): code is keyof typeof KEYS => code in KEYS;

export function describeWarning(warning: Profile['warnings'][number], t: TFunction): string {
  const { code, ...fields } = warning;
  if (!isKnown(code)) return `${code} ${JSON.stringify(fields)}`;
  const words = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  return String(t(KEYS[code], Object.fromEntries(words)));
}
