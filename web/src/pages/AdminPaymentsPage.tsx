// What payment providers told that could not be understood: tried again, or put aside.

import { TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { DeedButton } from '../admin/DeedButton';
import { unclearEventsQuery } from '../api/adminQueries';
import { api } from '../api/client';
import type { PaymentEvent } from '../api/types';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';

const MOST_LETTERS = 200;
const CHANGES = 'payment-events';

function EventDeeds({ id }: { id: string }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  return (
    <div className="deeds">
      <DeedButton
        label={t('paymentEvents.retry')}
        question={t('paymentEvents.retryQuestion')}
        consequence={t('paymentEvents.retryText')}
        done={t('paymentEvents.retryDone')}
        changes={CHANGES}
        isReady
        deed={() => api.send('POST', `/admin/payment-events/${id}/apply`)}
      >
        {null}
      </DeedButton>
      <DeedButton
        label={t('paymentEvents.dismiss')}
        question={t('paymentEvents.dismissQuestion')}
        consequence={t('paymentEvents.dismissText')}
        done={t('paymentEvents.dismissDone')}
        changes={CHANGES}
        isReady={reason.trim() !== ''}
        deed={() =>
          api.send('POST', `/admin/payment-events/${id}/dismiss`, {
            body: { reason: reason.trim() },
          })
        }
      >
        <TextInput
          label={t('people.reason')}
          maxLength={MOST_LETTERS}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
      </DeedButton>
    </div>
  );
}

function useColumns() {
  const { t } = useTranslation();
  return useMemo(
    (): Column<PaymentEvent>[] => [
      { id: 'kind', title: t('paymentEvents.kind'), lead: true, cell: (event) => event.kind },
      {
        id: 'at',
        title: t('paymentEvents.at'),
        cell: (event) => <When at={event.received_at} />,
      },
      { id: 'why', title: t('paymentEvents.why'), cell: (event) => event.note },
      { id: 'deeds', title: '', cell: (event) => <EventDeeds id={event.id} /> },
    ],
    [t],
  );
}

export function AdminPaymentsPage() {
  const { t } = useTranslation();
  const events = useInfiniteQuery(unclearEventsQuery);
  const rows = events.data?.pages.flatMap((page) => page.items);
  const columns = useColumns();
  return (
    <AdminFrame title={t('paymentEvents.title')} summary={t('paymentEvents.summary')}>
      {events.error ? (
        <ProblemAlert error={events.error} onRetry={() => void events.refetch()} />
      ) : null}
      {events.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <Section title={t('paymentEvents.unclear')} flush>
          {rows.length > 0 ? (
            <>
              <DataTable
                label={t('paymentEvents.unclear')}
                columns={columns}
                rows={rows}
                rowKey={(event) => event.id}
              />
              <MoreButton {...events} />
            </>
          ) : (
            <Empty text={t('paymentEvents.none')} />
          )}
        </Section>
      ) : null}
    </AdminFrame>
  );
}
