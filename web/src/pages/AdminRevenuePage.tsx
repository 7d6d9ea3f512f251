import { TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { revenueQuery } from '../api/adminQueries';
import type { Revenue } from '../api/types';
import { useFormat } from '../app/format';
import { BarList } from '../parts/Bars';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';

const MOVES = [
  'opening',
  'new',
  'expansion',
  'reactivation',
  'contraction',
  'churn',
  'closing',
] as const;
const CUSTOMERS = [
  'customers_opening',
  'customers_won',
  'customers_new',
  'customers_lost',
  'customers_closing',
  'registered',
] as const;
const RATES = ['gross_churn', 'net_churn', 'customer_churn', 'conversion'] as const;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

function Movement({ revenue }: { revenue: Revenue }) {
  const { t } = useTranslation();
  const texts = new Map(MOVES.map((name) => [revenue[name].minor, revenue[name].text]));
  return (
    <Section title={t('revenue.movement')} testId="revenue">
      <BarList
        label={t('revenue.movement')}
        titles={[t('revenue.what'), t('revenue.amount')]}
        bars={MOVES.map((name) => ({ label: t(`revenue.${name}`), value: revenue[name].minor }))}
        format={(minor) => texts.get(minor) ?? ''}
      />
    </Section>
  );
}

function Figures({ revenue }: { revenue: Revenue }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Section title={t('revenue.figures')}>
      <Facts
        facts={[
          { label: t('revenue.monthly'), value: revenue.closing.text },
          { label: t('revenue.yearly'), value: revenue.yearly.text },
          ...CUSTOMERS.map((name) => ({
            label: t(`revenue.${name}`),
            value: format.integer(revenue[name]),
          })),
          ...RATES.map((name) => {
            const rate = revenue[name];
            return {
              label: t(`revenue.${name}`),
              value: rate === null ? t('value.none') : format.percent(rate, 1),
            };
          }),
        ]}
      />
    </Section>
  );
}

export function AdminRevenuePage() {
  const { t } = useTranslation();
  const [month, setMonth] = useState('');
  const revenue = useQuery({
    ...revenueQuery(MONTH.test(month) ? month : undefined),
    placeholderData: keepPreviousData,
  });
  return (
    <AdminFrame title={t('revenue.title')} summary={t('revenue.summary')}>
      <div className="filters">
        <TextInput
          type="month"
          label={t('revenue.month')}
          description={t('revenue.monthText')}
          value={month}
          onChange={(event) => setMonth(event.currentTarget.value)}
        />
      </div>
      {revenue.error ? (
        <ProblemAlert error={revenue.error} onRetry={() => void revenue.refetch()} />
      ) : null}
      {revenue.isPending ? <PageSkeleton /> : null}
      {revenue.data ? (
        <>
          <Figures revenue={revenue.data} />
          <Movement revenue={revenue.data} />
        </>
      ) : null}
    </AdminFrame>
  );
}
