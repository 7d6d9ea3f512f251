// Who is signed in; pages are only drawn once that is known.

import { createContext, useContext } from 'react';

import type { Me } from '../api/types';

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('useMe outside of the shell');
  return me;
}
