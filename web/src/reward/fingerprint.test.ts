import { expect, test } from 'vitest';

import { describeTraits } from './fingerprint';
import type { Traits } from './fingerprint';

const traits: Traits = {
  userAgent: 'Mozilla/5.0',
  languages: ['de', 'en'],
  timeZone: 'Europe/Berlin',
  screen: { width: 1920, height: 1080, colorDepth: 24 },
  pixelRatio: 2,
  cores: 8,
  touchPoints: 0,
};

test('the same browser is described alike, and another one differently', () => {
  expect(describeTraits(traits)).toBe(describeTraits({ ...traits }));
  expect(describeTraits({ ...traits, cores: 4 })).not.toBe(describeTraits(traits));
});

test('what the server takes is never exceeded', () => {
  const long = describeTraits({ ...traits, userAgent: 'ä'.repeat(5_000) });
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(1_000);
});
