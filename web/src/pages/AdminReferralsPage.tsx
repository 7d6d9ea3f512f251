import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { allReferralsQuery } from '../api/adminQueries';
import type { AdminReferral } from '../api/types';
import { useFormat } from '../app/format';
import { ReferralState } from '../billing/Recommend';
import { Copyable } from '../parts/Copyable';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';

function useColumns() {
  const { t } = useTranslation();
  const format = useFormat();
  return useMemo((): Column<AdminReferral>[] => {
    const organization = (id: string, label: string) => (
      <Copyable text={id} label={label} short={id.slice(0, 8)} />
    );
    return [
      { id: 'who', title: t('referrals.who'), lead: true, cell: ({ referral }) => referral.who },
      {
        id: 'from',
        title: t('referrals.from'),
        cell: (row) => organization(row.organization_id, t('referrals.from')),
      },
      {
        id: 'to',
        title: t('referrals.to'),
        cell: (row) => organization(row.referred_organization_id, t('referrals.to')),
      },
      {
        id: 'state',
        title: t('referrals.state'),
        cell: ({ referral }) => <ReferralState state={referral.state} />,
      },
      {
        id: 'reward',
        title: t('referrals.reward'),
        numeric: true,
        cell: ({ referral }) => format.integer(referral.reward),
      },
      {
        id: 'welcome',
        title: t('referrals.welcome'),
        numeric: true,
        cell: (row) => format.integer(row.welcome),
      },
      {
        id: 'at',
        title: t('referrals.at'),
        cell: ({ referral }) => <When at={referral.created_at} />,
      },
    ];
  }, [format, t]);
}

export function AdminReferralsPage() {
  const { t } = useTranslation();
  const referrals = useInfiniteQuery(allReferralsQuery);
  const rows = referrals.data?.pages.flatMap((page) => page.items);
  const columns = useColumns();
  return (
    <AdminFrame title={t('referrals.all')} summary={t('referrals.allSummary')}>
      {referrals.error ? (
        <ProblemAlert error={referrals.error} onRetry={() => void referrals.refetch()} />
      ) : null}
      {referrals.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <Section title={t('referrals.all')} flush>
          {rows.length > 0 ? (
            <>
              <DataTable
                label={t('referrals.all')}
                columns={columns}
                rows={rows}
                rowKey={({ referral }) => referral.id}
              />
              <MoreButton {...referrals} />
            </>
          ) : (
            <Empty text={t('referrals.nobody')} />
          )}
        </Section>
      ) : null}
    </AdminFrame>
  );
}
