// The plans of the edition beside the one that the account is on.

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type {
  Account,
  ChangedSubscription,
  Checkout,
  Interval,
  Offer,
  Offers,
  Subscription,
} from '../api/types';
import { humanize, useFormat } from '../app/format';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { Section } from '../parts/Section';
import { tellUnits } from './meterUnits';
import { takesMoney, usePayee } from './payee';
import './billing.css';

/** What a plan allows, in lines that people can compare. */
function useLines(offers: Offers) {
  const { t } = useTranslation();
  const format = useFormat();
  return (offer: Offer): string[] => {
    const title = (meter: string) => offers.meters[meter] ?? humanize(meter);
    const limits = Object.entries(offer.terms.meters).flatMap(([meter, limit]) =>
      (['per_period', 'per_day', 'per_job'] as const).flatMap((each) => {
        const units = limit[each];
        if (units === null || units === undefined) return [];
        if (units === 0) return [t('plans.without', { meter: title(meter) })];
        const told = tellUnits(format, meter, units, offers.currency);
        return [t(`plans.${each}`, { meter: title(meter), units: told })];
      }),
    );
    const { seats, gpu, concurrent_jobs: jobs, file_bytes: bytes } = offer.terms;
    return [
      ...offer.highlights,
      ...limits,
      t('plans.concurrent', { count: jobs }),
      t('plans.file', { size: format.bytes(bytes) }),
      ...(gpu ? [t('plans.gpu')] : []),
      ...(seats ? [t('plans.seats', { count: seats })] : []),
      t(`plans.support.${offer.terms.support}`),
    ];
  };
}

function usePurchase(provider: string | undefined) {
  return useMutation({
    mutationFn: (wish: { plan: string; interval: Interval } | { package: string }) =>
      api.send<Checkout>('POST', '/account/checkouts', { body: { ...wish, provider } }),
    onSuccess: ({ url }) => window.location.assign(url),
    onError: sayProblem,
  });
}

/** A provider that asks the buyer first has a page of its own for that. */
function useSwitch() {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { plan: string; interval: Interval }) =>
      api.send<ChangedSubscription>('POST', '/account/subscription', {
        body: { action: 'switch', ...body },
      }),
    onSuccess: (changed) => {
      if (changed.approve_url) return window.location.assign(changed.approve_url);
      say(t('plans.switched', { title: changed.plan.title }));
      void client.invalidateQueries({ queryKey: ['account'] });
    },
    onError: sayProblem,
  });
}

function PlanCard(props: {
  offer: Offer;
  lines: string[];
  isPresent: boolean;
  hasSubscription: boolean;
  provider: string | undefined;
}) {
  const { offer, lines, isPresent, hasSubscription, provider } = props;
  const { t } = useTranslation();
  const purchase = usePurchase(provider);
  const change = useSwitch();
  const { month, year } = offer.price;
  const choose = (interval: Interval) =>
    hasSubscription
      ? change.mutate({ plan: offer.slug, interval })
      : purchase.mutate({ plan: offer.slug, interval });
  const isBusy = purchase.isPending || change.isPending;
  const price = month ?? year;
  return (
    <li className={isPresent ? 'plan plan-present' : 'plan'} data-testid={`plan-${offer.slug}`}>
      <h3>{offer.title}</h3>
      <p className="plan-price">
        {offer.on_request ? t('plans.onRequest') : (price?.text ?? t('plans.free'))}
        {month ? <span className="muted small"> {t('plans.aMonth')}</span> : null}
      </p>
      <ul className="plan-lines">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {isPresent ? <p className="plan-now">{t('plans.present')}</p> : null}
      {!isPresent && month ? (
        <Button loading={isBusy} onClick={() => choose('month')}>
          {hasSubscription ? t('plans.switch') : t('plans.buy', { price: month.text })}
        </Button>
      ) : null}
      {!isPresent && year ? (
        <Button variant="default" loading={isBusy} onClick={() => choose('year')}>
          {t('plans.buyYear', { price: year.text })}
        </Button>
      ) : null}
    </li>
  );
}

export function Plans(props: {
  offers: Offers;
  account: Account;
  subscription: Subscription | null;
}) {
  const { offers, account, subscription } = props;
  const { t } = useTranslation();
  const lines = useLines(offers);
  const { provider, payeeField } = usePayee(offers.providers);
  const running = subscription && subscription.status !== 'ended' ? subscription : null;
  if (offers.plans.length < 2) return null;
  return (
    <Section title={t('plans.title')} testId="plans">
      {offers.provider === 'sandbox' && !takesMoney(offers) ? (
        <p className="muted">{t('plans.sandbox')}</p>
      ) : null}
      {running ? null : payeeField}
      <ul className="plans">
        {offers.plans.map((offer) => (
          <PlanCard
            key={offer.slug}
            offer={offer}
            lines={lines(offer)}
            isPresent={offer.slug === account.plan.slug}
            hasSubscription={running !== null}
            provider={provider}
          />
        ))}
      </ul>
    </Section>
  );
}

export function Packages({ offers }: { offers: Offers }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { provider, payeeField } = usePayee(offers.providers);
  const purchase = usePurchase(provider);
  if (offers.packages.length === 0) return null;
  return (
    <Section title={t('plans.packages')} testId="packages">
      {payeeField}
      <ul className="plans">
        {offers.packages.map((item) => (
          <li className="plan" key={item.slug}>
            <h3>
              {t('plans.credits', { count: item.credits, credits: format.integer(item.credits) })}
            </h3>
            <p className="plan-price">{item.price.text}</p>
            {item.expires_days ? (
              <p className="muted small">{t('plans.expires', { count: item.expires_days })}</p>
            ) : null}
            <Button
              loading={purchase.isPending}
              onClick={() => purchase.mutate({ package: item.slug })}
            >
              {t('plans.buy', { price: item.price.text })}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Ends the subscription with its period, or takes that back. */
export function SubscriptionDeeds({ subscription }: { subscription: Subscription }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (action: 'cancel' | 'keep') =>
      api.send<ChangedSubscription>('POST', '/account/subscription', { body: { action } }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['account'] }),
    onError: sayProblem,
  });
  if (subscription.cancels_at_period_end) {
    return (
      <Button variant="default" loading={change.isPending} onClick={() => change.mutate('keep')}>
        {t('subscription.keep')}
      </Button>
    );
  }
  return (
    <ConfirmButton
      label={t('subscription.cancel')}
      question={t('subscription.cancelQuestion')}
      consequence={t('subscription.cancelText')}
      isBusy={change.isPending}
      testId="cancel-subscription"
      onConfirm={() => change.mutate('cancel')}
    />
  );
}
