// Who shows an ad. Apps for phones that wrap this page bring a bridge to AdMob's own player; without one
// real ads cannot be shown here.

import type { AdSession } from '../api/types';

export type Shown = 'watched' | 'failed';

export interface AdBridge {
  /** Shows an ad, and gives AdMob the text along as custom data. */
  show(ad: { unit: string | null; customData: string }, onLoaded: () => void): Promise<Shown>;
}

declare global {
  interface Window {
    gantryAds?: AdBridge;
  }
}

export type Player = { kind: 'sandbox' } | { kind: 'bridge'; bridge: AdBridge } | { kind: 'none' };

export function findPlayer(provider: string): Player {
  if (provider === 'sandbox') return { kind: 'sandbox' };
  return window.gantryAds ? { kind: 'bridge', bridge: window.gantryAds } : { kind: 'none' };
}

export const showBy = (
  bridge: AdBridge,
  session: AdSession,
  onLoaded: () => void,
): Promise<Shown> => bridge.show({ unit: session.unit, customData: session.custom_data }, onLoaded);
