import { expect, test } from 'vitest';

import { isCurrent } from './Navigation';

test('one entry is marked for every page', () => {
  const entries = ['/', '/datasets', '/jobs', '/jobs/new', '/account', '/account/keys'];
  const marked = (path: string) => entries.filter((entry) => isCurrent(entry, path));
  expect(marked('/')).toEqual(['/']);
  expect(marked('/jobs')).toEqual(['/jobs']);
  expect(marked('/jobs/0198')).toEqual(['/jobs']);
  expect(marked('/jobs/new')).toEqual(['/jobs/new']);
  expect(marked('/account/keys')).toEqual(['/account/keys']);
  expect(marked('/elsewhere')).toEqual([]);
});
