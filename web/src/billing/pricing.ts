// What jobs cost the account that is signed in: credits, or nothing beyond its plan.

import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';

import { accountQuery } from '../api/queries';
import type { Account } from '../api/types';
import type { Format } from '../app/format';
import type { FactsProps } from '../parts/Section';

export function useJobsCostCredits(): boolean {
  const account = useQuery(accountQuery);
  return account.data?.plan.terms.jobs_cost_credits !== false;
}

/** Jobs that run and wait, and the credits for more of them where they cost some. */
export function standingFacts(account: Account, t: TFunction, format: Format): FactsProps['facts'] {
  const { credits } = account;
  const balance = [
    { label: t('account.available'), value: format.integer(credits.available) },
    { label: t('account.held'), value: format.integer(credits.held) },
  ];
  return [
    ...(account.plan.terms.jobs_cost_credits ? balance : []),
    { label: t('account.running'), value: format.integer(account.running_jobs) },
    { label: t('account.queued'), value: format.integer(account.queued_jobs) },
  ];
}
