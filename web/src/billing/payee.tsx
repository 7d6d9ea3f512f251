// Who takes the money: the buyer's choice where there is one.

import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Offers, Subscription } from '../api/types';

type Providers = Offers['providers'];

/** Whether anybody takes real money here, on pages of their own; the sandbox has neither. */
export const takesMoney = (offers: Offers) => offers.providers.some(({ id }) => id !== 'sandbox');

/** Whether a subscription has a page of its provider, who is in use; the sandbox has none. */
export const hasPortal = (offers: Offers, { provider }: Subscription) =>
  provider !== 'sandbox' && offers.providers.some(({ id }) => id === provider);

/** Whom a checkout names, and the field that chooses them; neither where there is no choice. */
export function usePayee(providers: Providers = []) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string>();
  if (providers.length < 2) return { provider: undefined, payeeField: null };
  // The one that was chosen may be gone since.
  const provider = (providers.find(({ id }) => id === chosen) ?? providers[0])?.id;
  const payeeField = (
    <NativeSelect
      className="payee"
      label={t('plans.payWith')}
      value={provider}
      onChange={(event) => setChosen(event.currentTarget.value)}
      data={providers.map(({ id, title }) => ({ value: id, label: title }))}
    />
  );
  return { provider, payeeField };
}
