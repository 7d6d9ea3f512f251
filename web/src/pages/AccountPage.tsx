import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { accountQuery, offersQuery, subscriptionQuery } from '../api/queries';
import type { Account } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { useMe } from '../app/me';
import { BillingDetailsPanel } from '../billing/BillingDetails';
import { ChosenPlan } from '../billing/ChosenPlan';
import { Ledger } from '../billing/Ledger';
import { Lots } from '../billing/Lots';
import { Meters } from '../billing/Meters';
import { OwnLimits } from '../billing/OwnLimits';
import { Packages, Plans } from '../billing/Plans';
import { standingFacts } from '../billing/pricing';
import { Recommend } from '../billing/Recommend';
import { Invoices, Payments, SubscriptionPanel } from '../billing/SubscriptionPanel';
import { Usage } from '../billing/Usage';
import { AccountExport } from '../identity/AccountExport';
import { Grants } from '../identity/Grants';
import { LeaveAccount } from '../identity/LeaveAccount';
import { Copyable } from '../parts/Copyable';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { ValueTree } from '../parts/ValueTree';
import { EarnCredits } from '../reward/EarnCredits';
import { TimeZone } from '../schedule/TimeZone';

function Plan({ account }: { account: Account }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { plan, credits } = account;
  const costs = plan.terms.jobs_cost_credits;
  return (
    <div className="job-pair">
      <Section title={t(costs ? 'account.credits' : 'nav.jobs')}>
        {costs && credits.low ? <Alert className="notice">{t('account.low')}</Alert> : null}
        <Facts facts={standingFacts(account, t, format)} />
      </Section>
      <Section title={t('account.plan', { title: plan.title, version: plan.version })}>
        <ValueTree value={plan.terms} label={t('account.terms')} />
      </Section>
    </div>
  );
}

export function AccountPage() {
  const { t } = useTranslation();
  const me = useMe();
  const account = useQuery(accountQuery);
  const offers = useQuery(offersQuery);
  const subscription = useQuery(subscriptionQuery);
  return (
    <>
      <PageHeader title={t('nav.account')} summary={me.organization.name} />
      <div className="stack">
        {account.error ? (
          <ProblemAlert error={account.error} onRetry={() => void account.refetch()} />
        ) : null}
        {account.isPending ? <PageSkeleton /> : null}
        {account.data ? (
          <>
            <ChosenPlan account={account.data} />
            <Plan account={account.data} />
            <OwnLimits account={account.data} />
            {account.data.plan.terms.jobs_cost_credits ? <Lots /> : null}
            <Meters account={account.data} />
            <Usage />
          </>
        ) : null}
        {subscription.data && offers.data ? (
          <SubscriptionPanel subscription={subscription.data} offers={offers.data} />
        ) : null}
        {account.data && offers.data && !subscription.isPending ? (
          <>
            <Plans
              offers={offers.data}
              account={account.data}
              subscription={subscription.data ?? null}
            />
            <Packages offers={offers.data} />
            {offers.data.ads ? <EarnCredits /> : null}
          </>
        ) : null}
        <Recommend />
        <Payments />
        <Invoices />
        <BillingDetailsPanel />
        {account.data?.plan.terms.jobs_cost_credits ? <Ledger /> : null}
        <TimeZone />
        <Section title={t('account.you')}>
          <Facts
            facts={[
              { label: t('account.name'), value: me.user.name || t('value.none') },
              { label: t('account.email'), value: me.user.email },
              { label: t('account.role'), value: humanize(me.organization.role) },
              {
                label: t('account.organization'),
                value: (
                  <Copyable
                    text={me.organization.id}
                    label={t('account.organization')}
                    short={`${me.organization.id.slice(0, 8)}…`}
                  />
                ),
              },
            ]}
          />
        </Section>
        <Grants />
        <AccountExport />
        <LeaveAccount />
      </div>
    </>
  );
}
