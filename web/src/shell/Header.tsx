import {
  ActionIcon,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon, Moon, Search, Sun } from 'lucide-react';
import { Suspense, lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Me } from '../api/types';
import { openPalette } from './CommandPaletteGate';
import { Logo } from './Logo';
import { UserMenu } from './UserMenu';
import { usePhone } from './usePhone';

const PhoneDrawer = lazy(() => import('./PhoneDrawer'));

const isMac = /mac|iphone|ipad/i.test(navigator.platform);

/** The drawer is fetched when it is first opened. */
function PhoneMenu({ isAdministrator }: { isAdministrator: boolean }) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState<boolean | null>(null);
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={44}
        className="header-icon"
        data-testid="nav-menu"
        aria-label={t('nav.open')}
        aria-expanded={isOpen === true}
        onClick={() => setIsOpen(true)}
      >
        <MenuIcon size={20} aria-hidden />
      </ActionIcon>
      {isOpen === null ? null : (
        <Suspense fallback={null}>
          <PhoneDrawer
            isOpen={isOpen}
            isAdministrator={isAdministrator}
            onClose={() => setIsOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}

function SchemeButton() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const isDark = scheme === 'dark';
  const label = isDark ? t('shell.toLight') : t('shell.toDark');
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      className="header-icon"
      data-testid="color-scheme"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
    >
      {isDark ? <Sun size={18} aria-hidden /> : <Moon size={18} aria-hidden />}
    </ActionIcon>
  );
}

export function Header({ me }: { me: Me }) {
  const { t } = useTranslation();
  const isPhone = usePhone();
  return (
    <header className="shell-header">
      {isPhone ? <PhoneMenu isAdministrator={me.user.administrator} /> : null}
      <Link to="/" className="header-home">
        <Logo />
      </Link>
      <UnstyledButton className="header-search" onClick={openPalette}>
        <Search size={16} aria-hidden />
        <span className="header-search-text">{t('shell.search')}</span>
        <kbd className="header-search-key">{isMac ? '⌘K' : 'Ctrl K'}</kbd>
      </UnstyledButton>
      <SchemeButton />
      <UserMenu me={me} />
    </header>
  );
}
