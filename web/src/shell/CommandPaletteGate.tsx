// The command palette is fetched when it is first asked for.

import { useHotkeys } from '@mantine/hooks';
import { Suspense, lazy, useEffect, useState } from 'react';

const CommandPalette = lazy(() => import('./CommandPalette'));
const ASKED = 'gantry-palette';

export const openPalette = (): void => {
  window.dispatchEvent(new Event(ASKED));
};

export function CommandPaletteGate({ isAdministrator }: { isAdministrator: boolean }) {
  const [asked, setAsked] = useState(0);
  useHotkeys([['mod+K', openPalette]], []);
  useEffect(() => {
    const ask = () => setAsked((times) => times + 1);
    window.addEventListener(ASKED, ask);
    return () => window.removeEventListener(ASKED, ask);
  }, []);
  if (asked === 0) return null;
  return (
    <Suspense fallback={null}>
      <CommandPalette asked={asked} isAdministrator={isAdministrator} />
    </Suspense>
  );
}
