// A flag as it is typed into a form, and back.

import type { Flag, FlagRequest, FlagRule } from '../api/types';

export interface RuleDraft {
  users: string;
  organizations: string;
  plans: string;
  percentage: string;
  on: boolean;
}

export interface VariantDraft {
  name: string;
  weight: string;
}

export interface FlagDraft {
  key: string;
  description: string;
  enabled: boolean;
  visible: boolean;
  rules: RuleDraft[];
  variants: VariantDraft[];
}

export const EMPTY_RULE: RuleDraft = {
  users: '',
  organizations: '',
  plans: '',
  percentage: '',
  on: true,
};

export const EMPTY_VARIANT: VariantDraft = { name: '', weight: '1' };

export const EMPTY_FLAG: FlagDraft = {
  key: '',
  description: '',
  enabled: true,
  visible: false,
  rules: [],
  variants: [],
};

export const draftOf = (flag: Flag): FlagDraft => ({
  key: flag.key,
  description: flag.description,
  enabled: flag.enabled,
  visible: flag.visible,
  rules: flag.rules.map((rule) => ({
    users: rule.users.join('\n'),
    organizations: rule.organizations.join('\n'),
    plans: rule.plans.join('\n'),
    percentage: rule.percentage === null ? '' : String(rule.percentage),
    on: rule.on,
  })),
  variants: flag.variants.map(({ name, weight }) => ({ name, weight: String(weight) })),
});

/** Names that are set apart by spaces, lines or commas. */
const namesIn = (text: string): string[] => text.split(/[\s,]+/).filter((name) => name !== '');

const ruleOf = (draft: RuleDraft): FlagRule => ({
  users: namesIn(draft.users),
  organizations: namesIn(draft.organizations),
  plans: namesIn(draft.plans),
  percentage: draft.percentage.trim() === '' ? null : Number(draft.percentage),
  on: draft.on,
});

export const requestOf = (draft: FlagDraft): FlagRequest => ({
  description: draft.description.trim(),
  enabled: draft.enabled,
  visible: draft.visible,
  rules: draft.rules.map(ruleOf),
  variants: draft.variants.map(({ name, weight }) => ({
    name: name.trim(),
    weight: Number(weight),
  })),
});

/** The list with one of its items changed, or left out. */
export function withItem<T extends object>(
  items: T[],
  place: number,
  change: Partial<T> | null,
): T[] {
  return change === null
    ? items.filter((_, at) => at !== place)
    : items.map((item, at) => (at === place ? { ...item, ...change } : item));
}
