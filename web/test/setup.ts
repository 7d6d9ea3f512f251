// Before every test file: strings, and what happy-dom lacks for Mantine.

import { startI18n } from '../src/app/i18n';

class Observer {
  observe() {
    return undefined;
  }
  unobserve() {
    return undefined;
  }
  disconnect() {
    return undefined;
  }
}
globalThis.ResizeObserver ??= Observer as unknown as typeof ResizeObserver;

await startI18n('en');
