// The subscription as it stands, and what was paid.

import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { paymentsQuery } from '../api/queries';
import type { Payment, Subscription } from '../api/types';
import { humanize } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { When } from '../parts/When';
import { SubscriptionDeeds } from './Plans';

export function SubscriptionPanel({ subscription }: { subscription: Subscription }) {
  const { t } = useTranslation();
  const isOver = subscription.status === 'ended';
  const end = subscription.cancels_at_period_end ? 'subscription.ends' : 'subscription.renews';
  return (
    <Section
      title={t('subscription.title')}
      testId="subscription"
      actions={isOver ? null : <SubscriptionDeeds subscription={subscription} />}
    >
      <Facts
        facts={[
          { label: t('subscription.plan'), value: subscription.plan.title },
          { label: t('subscription.status'), value: humanize(subscription.status) },
          {
            label: t(isOver ? 'subscription.ended' : end),
            value: <When at={subscription.period_end} />,
          },
          ...(subscription.past_due_since
            ? [
                {
                  label: t('subscription.pastDue'),
                  value: <When at={subscription.past_due_since} />,
                },
              ]
            : []),
        ]}
      />
    </Section>
  );
}

export function Payments() {
  const { t } = useTranslation();
  const payments = useInfiniteQuery(paymentsQuery);
  const rows = payments.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useMemo(
    (): Column<Payment>[] => [
      {
        id: 'what',
        title: t('payments.what'),
        lead: true,
        cell: (payment) => payment.description || t('value.none'),
      },
      {
        id: 'amount',
        title: t('payments.amount'),
        numeric: true,
        cell: (payment) => payment.amount.text,
      },
      {
        id: 'status',
        title: t('payments.status'),
        cell: (payment) =>
          payment.refunded.minor > 0
            ? t('payments.refunded', { amount: payment.refunded.text })
            : humanize(payment.status),
      },
      { id: 'at', title: t('payments.at'), cell: (payment) => <When at={payment.at} /> },
    ],
    [t],
  );
  if (payments.error) {
    return <ProblemAlert error={payments.error} onRetry={() => void payments.refetch()} />;
  }
  if (rows.length === 0) return null;
  return (
    <Section title={t('payments.title')} flush testId="payments">
      <DataTable
        label={t('payments.title')}
        columns={columns}
        rows={rows}
        rowKey={(payment) => payment.id}
      />
      <MoreButton {...payments} />
    </Section>
  );
}
