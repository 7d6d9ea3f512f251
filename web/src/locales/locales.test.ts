import { expect, test } from 'vitest';

import de from './de.json';
import en from './en.json';

function flatten(tree: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + name, value);
    else
      for (const [key, text] of flatten(value as object, `${prefix}${name}.`)) found.set(key, text);
  }
  return found;
}

const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort();

test('every language has every string, with the same holes', () => {
  const english = flatten(en);
  const german = flatten(de);
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) {
    expect(holes(german.get(key) ?? ''), key).toEqual(holes(text));
    expect(german.get(key)?.trim(), key).not.toBe('');
  }
});
