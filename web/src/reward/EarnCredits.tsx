// Credits for watching ads: what is left today, when the next one may be watched, and the ad.

import { Button, Group } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { rewardsQuery } from '../api/queries';
import type { AdSession, Claim, Rewards } from '../api/types';
import { useFormat } from '../app/format';
import { say, sayProblem } from '../app/toasts';
import { useNow } from '../job/useNow';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { findPlayer, showBy } from './adPlayer';
import { describeTraits, readTraits } from './fingerprint';

const TEST_AD_MS = 6_000;
const TRIES = 5;
const PAUSE_MS = 2_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const tell = (session: AdSession, event: 'loaded' | 'watched' | 'failed') =>
  api.send('POST', `/rewards/sessions/${session.id}/events`, { body: { event } });

/** Claims, and again while the provider has not told of the ad. */
async function claim(session: AdSession): Promise<Claim> {
  const body = { session_id: session.id, fingerprint: describeTraits(readTraits()) };
  for (let tried = 1; ; tried += 1) {
    const claimed = await api.send<Claim>('POST', '/rewards/claims', { body });
    if (claimed.status !== 'pending' || tried === TRIES) return claimed;
    await pause(PAUSE_MS);
  }
}

function useClaim() {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  return useMutation({
    mutationFn: claim,
    onSuccess: (claimed) => {
      const credits = format.integer(claimed.credits);
      if (claimed.status === 'pending') say(t('earn.pending'));
      else say(t(claimed.under_review ? 'earn.reviewed' : 'earn.earned', { credits }));
    },
    onError: sayProblem,
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['account'] });
      void client.invalidateQueries({ queryKey: ['ledger'] });
    },
  });
}

/** Stands for an ad: it takes a few seconds, and then its credits can be had. */
function TestAd(props: { session: AdSession; onDone: () => void }) {
  const { session, onDone } = props;
  const { t } = useTranslation();
  const [began] = useState(() => Date.now());
  const now = useNow(true);
  const left = Math.max(0, Math.ceil((began + TEST_AD_MS - now) / 1000));
  const earned = useClaim();
  const watch = useMutation({
    mutationFn: () => api.send('POST', `/rewards/sessions/${session.id}/sandbox`),
    onSuccess: () => earned.mutate(session, { onSettled: onDone }),
    onError: sayProblem,
  });
  return (
    <>
      <p>{t('earn.testText')}</p>
      {left > 0 ? <p aria-live="polite">{t('earn.testWait', { seconds: left })}</p> : null}
      <Group justify="flex-end" mt={24}>
        <Button
          disabled={left > 0}
          loading={watch.isPending || earned.isPending}
          data-testid="claim-credits"
          onClick={() => watch.mutate()}
        >
          {t('earn.claim')}
        </Button>
      </Group>
    </>
  );
}

function useAd(rewards: Rewards) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const earned = useClaim();
  const player = findPlayer(rewards.provider);
  const [shown, setShown] = useState<AdSession | null>(null);
  const begin = useMutation({
    mutationFn: async () => {
      const session = await api.send<AdSession>('POST', '/rewards/sessions');
      if (player.kind !== 'bridge') return { session, ending: null };
      const ending = await showBy(player.bridge, session, () => void tell(session, 'loaded'));
      await tell(session, ending);
      return { session, ending };
    },
    onSuccess: ({ session, ending }) => {
      if (ending === null) setShown(session);
      else if (ending === 'watched') earned.mutate(session);
      else say(t('earn.failed'));
    },
    onError: (error) => {
      sayProblem(error);
      void client.invalidateQueries({ queryKey: rewardsQuery.queryKey });
    },
  });
  const isBusy = begin.isPending || earned.isPending;
  return { player, shown, isBusy, begin: () => begin.mutate(), end: () => setShown(null) };
}

/** `readAt`: when this browser read what can be earned; its clock may differ from the server's. */
function Offer({ rewards, readAt }: { rewards: Rewards; readAt: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const ad = useAd(rewards);
  const now = useNow(rewards.wait_s > 0);
  const wait = Math.max(0, readAt + rewards.wait_s * 1000 - now);
  return (
    <>
      <p>{t('earn.text', { count: rewards.credits })}</p>
      <p className="muted">
        {t('earn.remaining', { left: rewards.remaining, limit: rewards.per_day })}
      </p>
      {wait > 0 ? (
        <p className="muted" data-testid="next-ad">
          {t('earn.wait', { time: format.duration(wait) })}
        </p>
      ) : null}
      {ad.player.kind === 'none' ? (
        <p>{t('earn.inApp')}</p>
      ) : (
        <Button disabled={wait > 0} loading={ad.isBusy} data-testid="watch-ad" onClick={ad.begin}>
          {t('earn.watch')}
        </Button>
      )}
      <Dialog isOpen={ad.shown !== null} onClose={ad.end} title={t('earn.testAd')} isSticky>
        {ad.shown ? <TestAd session={ad.shown} onDone={ad.end} /> : null}
      </Dialog>
    </>
  );
}

export function EarnCredits() {
  const { t } = useTranslation();
  const rewards = useQuery(rewardsQuery);
  if (rewards.isPending) return null;
  return (
    <Section title={t('earn.title')} testId="earn-credits">
      {rewards.error ? (
        <ProblemAlert error={rewards.error} onRetry={() => void rewards.refetch()} />
      ) : (
        <Offer rewards={rewards.data} readAt={rewards.dataUpdatedAt} />
      )}
    </Section>
  );
}
