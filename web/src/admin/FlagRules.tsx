// The rules and variants of a flag as fields.

import { Button, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { EMPTY_RULE, EMPTY_VARIANT, withItem } from './flagDraft';
import type { RuleDraft, VariantDraft } from './flagDraft';

interface ItemsProps<T> {
  items: T[];
  onChange: (items: T[]) => void;
}

function RuleFields(props: { rule: RuleDraft; onChange: (change: Partial<RuleDraft>) => void }) {
  const { rule, onChange } = props;
  const { t } = useTranslation();
  return (
    <>
      <NativeSelect
        label={t('flags.gives')}
        value={rule.on ? 'on' : 'off'}
        onChange={(event) => onChange({ on: event.currentTarget.value === 'on' })}
        data={[
          { value: 'on', label: t('flags.on') },
          { value: 'off', label: t('flags.off') },
        ]}
      />
      <TextInput
        type="number"
        label={t('flags.percentage')}
        description={t('flags.percentageText')}
        min={0}
        max={100}
        step="any"
        value={rule.percentage}
        onChange={(event) => onChange({ percentage: event.currentTarget.value })}
      />
      <TextInput
        label={t('flags.plans')}
        description={t('flags.plansText')}
        value={rule.plans}
        onChange={(event) => onChange({ plans: event.currentTarget.value })}
      />
      <Textarea
        label={t('flags.organizations')}
        description={t('flags.idsText')}
        rows={2}
        value={rule.organizations}
        onChange={(event) => onChange({ organizations: event.currentTarget.value })}
      />
      <Textarea
        label={t('flags.users')}
        description={t('flags.idsText')}
        rows={2}
        value={rule.users}
        onChange={(event) => onChange({ users: event.currentTarget.value })}
      />
    </>
  );
}

export function FlagRules({ items, onChange }: ItemsProps<RuleDraft>) {
  const { t } = useTranslation();
  return (
    <Stack>
      <p className="muted">{t('flags.rulesText')}</p>
      {items.map((rule, place) => (
        <fieldset key={place} className="flag-part">
          <legend>{t('flags.rule', { number: place + 1 })}</legend>
          <RuleFields rule={rule} onChange={(change) => onChange(withItem(items, place, change))} />
          <Button
            variant="default"
            size="compact-sm"
            onClick={() => onChange(withItem(items, place, null))}
          >
            {t('flags.removeRule', { number: place + 1 })}
          </Button>
        </fieldset>
      ))}
      <Button variant="default" onClick={() => onChange([...items, EMPTY_RULE])}>
        {t('flags.addRule')}
      </Button>
    </Stack>
  );
}

export function FlagVariants({ items, onChange }: ItemsProps<VariantDraft>) {
  const { t } = useTranslation();
  return (
    <Stack>
      <p className="muted">{t('flags.variantsText')}</p>
      {items.map((variant, place) => (
        <fieldset key={place} className="flag-part">
          <legend>{t('flags.variant', { number: place + 1 })}</legend>
          <TextInput
            label={t('flags.variantName')}
            required
            maxLength={64}
            value={variant.name}
            onChange={(event) =>
              onChange(withItem(items, place, { name: event.currentTarget.value }))
            }
          />
          <TextInput
            type="number"
            label={t('flags.weight')}
            required
            min={1}
            max={1_000_000}
            step={1}
            value={variant.weight}
            onChange={(event) =>
              onChange(withItem(items, place, { weight: event.currentTarget.value }))
            }
          />
          <Button
            variant="default"
            size="compact-sm"
            onClick={() => onChange(withItem(items, place, null))}
          >
            {t('flags.removeVariant', { number: place + 1 })}
          </Button>
        </fieldset>
      ))}
      <Button variant="default" onClick={() => onChange([...items, EMPTY_VARIANT])}>
        {t('flags.addVariant')}
      </Button>
    </Stack>
  );
}
