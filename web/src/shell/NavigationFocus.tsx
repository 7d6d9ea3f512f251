// After a change of page the focus goes to its heading, so that a screen reader says where one is.
// The first page of a visit keeps the focus where the browser put it.

import { useRouter } from '@tanstack/react-router';
import { createContext, useContext, useEffect, useRef } from 'react';
import type { ReactNode, RefObject } from 'react';

const MovedContext = createContext<RefObject<boolean> | null>(null);

export function NavigationFocus({ children }: { children: ReactNode }) {
  const router = useRouter();
  const moved = useRef(false);
  useEffect(
    () =>
      router.subscribe('onBeforeNavigate', (event) => {
        if (event.pathChanged && event.fromLocation) moved.current = true;
      }),
    [router],
  );
  return <MovedContext value={moved}>{children}</MovedContext>;
}

/** For the heading of a page. */
export function useHeadingFocus(): RefObject<HTMLHeadingElement | null> {
  const movedRef = useContext(MovedContext);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!movedRef?.current) return;
    movedRef.current = false;
    heading.current?.focus({ preventScroll: true });
  }, [movedRef]);
  return heading;
}
