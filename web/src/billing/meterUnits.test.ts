import { expect, test } from 'vitest';

import { createFormat } from '../app/format';
import { tellUnits } from './meterUnits';

test('money is told as money, and everything else as a number', () => {
  const format = createFormat('en');
  const plain = (text: string) => text.replace(/\s/g, ' ');
  expect(plain(tellUnits(format, 'ai_cost', 500_000, 'USD'))).toBe('USD 0.50');
  expect(plain(tellUnits(format, 'ai_cost.day', 81, 'USD'))).toBe('USD 0.000081');
  expect(plain(tellUnits(format, 'ai_cost', 3_000_000, 'JPY'))).toBe('JPY 3');
  expect(tellUnits(format, 'ai_tokens', 500_000, 'USD')).toBe('500,000');
  expect(tellUnits(format, 'ai_cost', 500_000, null)).toBe('500,000');
});
