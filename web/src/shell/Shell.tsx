// The frame around every page: skip link, header, navigation, the page, and what lies above it.

import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { meQuery } from '../api/queries';
import type { Me } from '../api/types';
import { LiveProvider, useIsLive } from '../app/live';
import { MeContext } from '../app/me';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { CommandPaletteGate } from './CommandPaletteGate';
import { Header } from './Header';
import { NavigationFocus } from './NavigationFocus';
import { SideNavigation } from './Navigation';
import { UploadProvider } from './uploadQueue';
import { usePhone } from './usePhone';

function ConnectionBar() {
  const { t } = useTranslation();
  const isLive = useIsLive();
  return (
    <div role="status" className="connection">
      {isLive ? null : <p className="connection-bar">{t('shell.reconnecting')}</p>}
    </div>
  );
}

function Frame({ me }: { me: Me }) {
  const { t } = useTranslation();
  const isPhone = usePhone();
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        {t('shell.skip')}
      </a>
      <Header me={me} />
      <div className="shell-body">
        {isPhone ? null : <SideNavigation isAdministrator={me.user.administrator} />}
        <main id="content" className="shell-main" tabIndex={-1}>
          <ConnectionBar />
          <div className="shell-content">
            <Outlet />
          </div>
        </main>
      </div>
      <CommandPaletteGate isAdministrator={me.user.administrator} />
    </div>
  );
}

export function Shell() {
  const me = useQuery(meQuery);
  if (me.isPending || (me.error && 'status' in me.error && me.error.status === 401)) {
    return (
      <div className="shell-alone">
        <PageSkeleton />
      </div>
    );
  }
  if (me.error) {
    return (
      <main className="shell-alone">
        <h1>Gantry</h1>
        <ProblemAlert error={me.error} onRetry={() => void me.refetch()} />
      </main>
    );
  }
  return (
    <MeContext value={me.data}>
      <LiveProvider>
        <UploadProvider>
          <NavigationFocus>
            <Frame me={me.data} />
          </NavigationFocus>
        </UploadProvider>
      </LiveProvider>
    </MeContext>
  );
}
