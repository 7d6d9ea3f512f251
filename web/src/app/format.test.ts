import { describe, expect, test } from 'vitest';

import { createFormat, humanize } from './format';

const format = createFormat('en');

describe('createFormat', () => {
  test('writes numbers so that they can be compared', () => {
    expect(format.number(0.79123456)).toBe('0.7912');
    expect(format.number(1234.5678)).toBe('1,235');
    expect(format.number(123456)).toBe('123,456');
    expect(format.number(0.00001234)).toBe('1.234E-5');
    expect(format.number(0)).toBe('0');
    expect(format.percent(0.201, 1)).toBe('20.1%');
  });

  test('writes sizes and times', () => {
    expect(format.bytes(0)).toBe('0 bytes');
    expect(format.bytes(27_500)).toBe('27.5 kB');
    expect(format.bytes(5e9)).toBe('5 GB');
    expect(format.duration(950)).toBe('950ms');
    expect(format.duration(2_840)).toBe('2.8s');
    expect(format.duration(61_000)).toBe('1m 1s');
    expect(format.duration(3_700_000)).toBe('1h 1m');
    expect(format.ago('2026-01-01T00:00:00Z', Date.parse('2026-01-01T02:30:00Z'))).toBe(
      '2 hours ago',
    );
  });

  test('follows the language', () => {
    expect(createFormat('de').integer(1234567)).toBe('1.234.567');
  });
});

test('humanize makes words of names', () => {
  expect(humanize('max_depth')).toBe('Max depth');
  expect(humanize('random-forest')).toBe('Random forest');
  expect(humanize('roc_auc')).toBe('ROC AUC');
  expect(humanize('')).toBe('');
});
