// The paid plan that somebody chose before they had an account: one step away from paying for it.

import { Alert, Button, Group } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { offersQuery } from '../api/queries';
import type { Account, Checkout } from '../api/types';
import { useMe } from '../app/me';
import { sayProblem } from '../app/toasts';
import { usePayee } from './payee';
import './billing.css';

export function ChosenPlan({ account }: { account: Account }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const offers = useQuery(offersQuery);
  const { provider, payeeField } = usePayee(offers.data?.providers);
  const choice = account.chosen_plan;
  const buy = useMutation({
    mutationFn: () =>
      api.send<Checkout>('POST', '/account/checkouts', { body: { ...choice, provider } }),
    onSuccess: ({ url }) => window.location.assign(url),
    onError: sayProblem,
  });
  const dismiss = useMutation({
    mutationFn: () => api.send('DELETE', '/account/chosen-plan'),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['account'] }),
    onError: sayProblem,
  });
  const offer = offers.data?.plans.find((plan) => plan.slug === choice?.plan);
  const price = choice && offer?.price[choice.interval];
  if (!choice || !offer || !price) return null;
  return (
    <Alert className="notice" title={t('chosenPlan.title', { title: offer.title })}>
      <p>
        {t(me.user.email_verified ? `chosenPlan.${choice.interval}` : 'chosenPlan.verifyFirst', {
          price: price.text,
        })}
      </p>
      {payeeField}
      <Group gap="xs" mt={8}>
        <Button loading={buy.isPending} onClick={() => buy.mutate()}>
          {t('chosenPlan.pay')}
        </Button>
        <Button variant="default" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
          {t('chosenPlan.dismiss')}
        </Button>
      </Group>
    </Alert>
  );
}
