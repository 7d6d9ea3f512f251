// Recommending the product: what it brings, the link to pass on, and whom it brought.

import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { referralsQuery } from '../api/queries';
import type { Referral, ReferralTerms } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { sayProblem } from '../app/toasts';
import { Copyable } from '../parts/Copyable';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';

const TONES = { waiting: 'info', rewarded: 'good', refused: 'quiet' } as const;

const isKnown = (word: string): word is keyof typeof TONES => word in TONES;

/** How far a referral is, in word and colour. */
export function ReferralState({ state }: { state: string }) {
  const { t } = useTranslation();
  if (!isKnown(state)) return <Badge>{humanize(state)}</Badge>;
  return <Badge tone={TONES[state]}>{t(`referrals.states.${state}`)}</Badge>;
}

function Terms({ terms }: { terms: ReferralTerms }) {
  const { t } = useTranslation();
  const format = useFormat();
  const isPaid = terms.when === 'first_payment';
  return (
    <>
      <p>{t(isPaid ? 'referrals.whenPaid' : 'referrals.whenVerified')}</p>
      <Facts
        facts={[
          { label: t('referrals.forYou'), value: format.integer(terms.reward) },
          { label: t('referrals.forThem'), value: format.integer(terms.welcome) },
          { label: t('referrals.most'), value: format.integer(terms.most_per_month) },
          {
            label: t('referrals.expires'),
            value: terms.expires_days
              ? t('referrals.days', { count: terms.expires_days })
              : t('referrals.never'),
          },
        ]}
      />
    </>
  );
}

function MakeLink() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => api.send('POST', '/referrals'),
    onSuccess: () => client.invalidateQueries({ queryKey: referralsQuery.queryKey }),
    onError: sayProblem,
  });
  return (
    <div>
      <Button loading={make.isPending} onClick={() => make.mutate()}>
        {t('referrals.make')}
      </Button>
    </div>
  );
}

function Brought({ referrals }: { referrals: Referral[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns = useMemo(
    (): Column<Referral>[] => [
      { id: 'who', title: t('referrals.who'), lead: true, cell: (referral) => referral.who },
      {
        id: 'state',
        title: t('referrals.state'),
        cell: (referral) => <ReferralState state={referral.state} />,
      },
      {
        id: 'reward',
        title: t('referrals.reward'),
        numeric: true,
        cell: (referral) => format.integer(referral.reward),
      },
      { id: 'at', title: t('referrals.at'), cell: (referral) => <When at={referral.created_at} /> },
    ],
    [format, t],
  );
  return (
    <DataTable
      label={t('referrals.brought')}
      columns={columns}
      rows={referrals}
      rowKey={(referral) => referral.id}
    />
  );
}

/** Nothing where the edition does not reward it. */
export function Recommend() {
  const { t } = useTranslation();
  const referrals = useInfiniteQuery(referralsQuery);
  if (referrals.error) {
    return <ProblemAlert error={referrals.error} onRetry={() => void referrals.refetch()} />;
  }
  const first = referrals.data?.pages[0];
  if (!first?.terms) return null;
  const brought = referrals.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t('referrals.title')} testId="recommend">
      <div className="stack">
        <Terms terms={first.terms} />
        {first.url ? <Copyable text={first.url} label={t('referrals.link')} /> : <MakeLink />}
        {brought.length > 0 ? (
          <Brought referrals={brought} />
        ) : (
          <p className="muted">{t('referrals.nobodyYet')}</p>
        )}
        <MoreButton {...referrals} />
      </div>
    </Section>
  );
}
