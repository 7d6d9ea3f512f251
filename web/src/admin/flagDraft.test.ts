import { expect, test } from 'vitest';

import type { Flag } from '../api/types';
import { EMPTY_RULE, draftOf, requestOf, withItem } from './flagDraft';

const FLAG: Flag = {
  key: 'shop.new',
  description: 'The new shop',
  enabled: true,
  visible: true,
  rules: [
    { users: ['u1', 'u2'], organizations: [], plans: ['pro'], percentage: 0.01, on: true },
    { users: [], organizations: ['o1'], plans: [], percentage: null, on: false },
  ],
  variants: [{ name: 'blue', weight: 3 }],
  revision: 2,
  updated_by: null,
  updated_at: '2026-11-27T10:00:00Z',
};

test('what is drawn and not touched is sent as it was', () => {
  const { description, enabled, visible, rules, variants } = FLAG;
  expect(requestOf(draftOf(FLAG))).toEqual({ description, enabled, visible, rules, variants });
});

test('names are set apart by spaces, lines and commas', () => {
  const draft = { ...draftOf(FLAG), rules: [{ ...EMPTY_RULE, users: ' a, b\nc  ' }] };
  expect(requestOf(draft).rules).toEqual([
    { users: ['a', 'b', 'c'], organizations: [], plans: [], percentage: null, on: true },
  ]);
});

test('an item is changed or left out, and the others stay', () => {
  const items = [{ on: true }, { on: true }];
  expect(withItem(items, 1, { on: false })).toEqual([{ on: true }, { on: false }]);
  expect(withItem(items, 0, null)).toEqual([{ on: true }]);
});
