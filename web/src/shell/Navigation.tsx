import { Link, useLocation } from '@tanstack/react-router';
import {
  Box,
  CalendarClock,
  CirclePlus,
  Database,
  Gauge,
  House,
  KeyRound,
  ListChecks,
  LockKeyhole,
  ShieldCheck,
  UserRound,
  Users,
  Workflow,
} from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';

interface Entry {
  to:
    | '/'
    | '/datasets'
    | '/jobs'
    | '/jobs/new'
    | '/schedules'
    | '/workflows'
    | '/models'
    | '/account'
    | '/account/keys'
    | '/account/sessions'
    | '/account/security'
    | '/account/members'
    | '/admin';
  label:
    | 'nav.home'
    | 'nav.datasets'
    | 'nav.jobs'
    | 'nav.newJob'
    | 'nav.schedules'
    | 'nav.workflows'
    | 'nav.models'
    | 'nav.account'
    | 'nav.keys'
    | 'nav.sessions'
    | 'nav.security'
    | 'nav.members'
    | 'nav.admin';
  testId: string;
  icon: LucideIcon;
}

export const WORK: Entry[] = [
  { to: '/', label: 'nav.home', testId: 'nav-home', icon: House },
  { to: '/datasets', label: 'nav.datasets', testId: 'nav-datasets', icon: Database },
  { to: '/jobs/new', label: 'nav.newJob', testId: 'nav-new-job', icon: CirclePlus },
  { to: '/jobs', label: 'nav.jobs', testId: 'nav-jobs', icon: ListChecks },
  { to: '/workflows', label: 'nav.workflows', testId: 'nav-workflows', icon: Workflow },
  { to: '/models', label: 'nav.models', testId: 'nav-models', icon: Box },
  { to: '/schedules', label: 'nav.schedules', testId: 'nav-schedules', icon: CalendarClock },
];

export const OWN: Entry[] = [
  { to: '/account', label: 'nav.account', testId: 'nav-account', icon: UserRound },
  { to: '/account/security', label: 'nav.security', testId: 'nav-security', icon: LockKeyhole },
  { to: '/account/members', label: 'nav.members', testId: 'nav-members', icon: Users },
  { to: '/account/keys', label: 'nav.keys', testId: 'nav-keys', icon: KeyRound },
  { to: '/account/sessions', label: 'nav.sessions', testId: 'nav-sessions', icon: ShieldCheck },
];

export const ADMIN: Entry[] = [
  { to: '/admin', label: 'nav.admin', testId: 'nav-admin', icon: Gauge },
];

/** The entry whose address is the longest beginning of the page's address. */
export function isCurrent(to: string, path: string): boolean {
  if (path === to) return true;
  if (to === '/' || !path.startsWith(`${to}/`)) return false;
  const rivals = [...WORK, ...OWN, ...ADMIN].filter((entry) => entry.to.length > to.length);
  return !rivals.some((entry) => path === entry.to || path.startsWith(`${entry.to}/`));
}

function Group({ entries, onChoose }: { entries: Entry[]; onChoose?: () => void }) {
  const { t } = useTranslation();
  const path = useLocation({ select: (location) => location.pathname.replace(/(.)\/$/, '$1') });
  return (
    <ul className="nav-group">
      {entries.map(({ to, label, testId, icon: Icon }) => (
        <li key={to}>
          <Link
            to={to}
            className="nav-link"
            data-testid={testId}
            data-current={isCurrent(to, path)}
            onClick={onChoose}
          >
            <Icon size={16} aria-hidden />
            {t(label)}
          </Link>
        </li>
      ))}
    </ul>
  );
}

export interface NavigationProps {
  isAdministrator: boolean;
  onChoose?: () => void;
}

export function Navigation({ isAdministrator, onChoose }: NavigationProps) {
  return (
    <>
      <Group entries={WORK} onChoose={onChoose} />
      <Group entries={OWN} onChoose={onChoose} />
      {isAdministrator ? <Group entries={ADMIN} onChoose={onChoose} /> : null}
    </>
  );
}

export function SideNavigation({ isAdministrator }: NavigationProps) {
  const { t } = useTranslation();
  return (
    <nav className="shell-nav" aria-label={t('nav.label')}>
      <Navigation isAdministrator={isAdministrator} />
    </nav>
  );
}
