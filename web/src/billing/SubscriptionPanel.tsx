// The subscription as it stands, and what was paid.

import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { invoicesQuery, paymentsQuery } from '../api/queries';
import type { Invoice, Offers, Payment, Portal, Subscription } from '../api/types';
import { humanize } from '../app/format';
import { sayProblem } from '../app/toasts';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { When } from '../parts/When';
import { hasPortal } from './payee';
import { SubscriptionDeeds } from './Plans';

/** Hands over to the provider's own page. */
function OpenPortal() {
  const { t } = useTranslation();
  const open = useMutation({
    mutationFn: () => api.send<Portal>('POST', '/account/portal'),
    onSuccess: ({ url }) => window.location.assign(url),
    onError: sayProblem,
  });
  return (
    <Button variant="default" loading={open.isPending} onClick={() => open.mutate()}>
      {t('subscription.portal')}
    </Button>
  );
}

export function SubscriptionPanel(props: { subscription: Subscription; offers: Offers }) {
  const { subscription, offers } = props;
  const { t } = useTranslation();
  const isOver = subscription.status === 'ended';
  const end = subscription.cancels_at_period_end ? 'subscription.ends' : 'subscription.renews';
  return (
    <Section
      title={t('subscription.title')}
      testId="subscription"
      actions={
        <>
          {hasPortal(offers, subscription) ? <OpenPortal /> : null}
          {isOver ? null : <SubscriptionDeeds subscription={subscription} />}
        </>
      }
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

function InvoiceLinks({ invoice }: { invoice: Invoice }) {
  const { t } = useTranslation();
  const links = [
    { url: invoice.page_url, text: t('invoices.page') },
    { url: invoice.pdf_url, text: t('invoices.pdf') },
  ];
  return (
    <span className="invoice-links">
      {links.map(({ url, text }) =>
        url ? (
          <a key={text} href={url} target="_blank" rel="noreferrer">
            {text}
          </a>
        ) : null,
      )}
    </span>
  );
}

/** Invoices and credit notes, of this installation and of the provider; nothing where there are none. */
export function Invoices() {
  const { t } = useTranslation();
  const invoices = useQuery(invoicesQuery);
  const columns = useMemo(
    (): Column<Invoice>[] => [
      {
        id: 'number',
        title: t('invoices.number'),
        lead: true,
        cell: (invoice) => invoice.number ?? invoice.provider_ref,
      },
      {
        id: 'amount',
        title: t('payments.amount'),
        numeric: true,
        cell: (invoice) => invoice.amount.text,
      },
      { id: 'status', title: t('payments.status'), cell: (invoice) => humanize(invoice.status) },
      { id: 'at', title: t('payments.at'), cell: (invoice) => <When at={invoice.at} /> },
      {
        id: 'links',
        title: t('list.actions'),
        cell: (invoice) => <InvoiceLinks invoice={invoice} />,
      },
    ],
    [t],
  );
  if (invoices.error) {
    return <ProblemAlert error={invoices.error} onRetry={() => void invoices.refetch()} />;
  }
  if (!invoices.data || invoices.data.length === 0) return null;
  return (
    <Section title={t('invoices.title')} flush testId="invoices">
      <DataTable
        label={t('invoices.title')}
        columns={columns}
        rows={invoices.data}
        rowKey={(invoice) => invoice.provider_ref}
      />
    </Section>
  );
}
