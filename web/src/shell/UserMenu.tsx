// Who is signed in, how the app looks, and the way out.

import { Popover, SegmentedControl, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { LogOut } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Me } from '../api/types';
import { LANGUAGES, changeLanguage } from '../app/i18n';
import type { Language } from '../app/i18n';
import { sayProblem } from '../app/toasts';
import { OWN } from './Navigation';

const NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

function deriveInitials(me: Me): string {
  const words = (me.user.name || me.user.email).split(/[\s@.]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join('');
}

function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div className="user-preferences">
      <span className="small muted" id="scheme-label">
        {t('shell.scheme')}
      </span>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-labelledby="scheme-label"
        value={colorScheme}
        onChange={(value) => setColorScheme(value as 'light' | 'dark' | 'auto')}
        data={[
          { value: 'light', label: t('shell.light') },
          { value: 'dark', label: t('shell.dark') },
          { value: 'auto', label: t('shell.auto') },
        ]}
      />
      <span className="small muted" id="language-label">
        {t('shell.language')}
      </span>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-labelledby="language-label"
        value={i18n.language}
        onChange={(value) => void changeLanguage(value as Language)}
        data={LANGUAGES.map((language) => ({ value: language, label: NAMES[language] }))}
      />
    </div>
  );
}

function UserPanel({ me, onChoose }: { me: Me; onChoose: () => void }) {
  const { t } = useTranslation();
  const signOut = useMutation({
    mutationFn: () => api.send('POST', '/auth/logout'),
    onSuccess: () => window.location.assign('/sign-in'),
    onError: sayProblem,
  });
  return (
    <>
      <div className="user-card">
        <strong>{me.user.name || me.user.email}</strong>
        <span className="small muted">{me.user.name ? me.user.email : me.organization.name}</span>
      </div>
      <Preferences />
      <ul className="user-links">
        {OWN.map(({ to, label, icon: Icon }) => (
          <li key={to}>
            <Link to={to} className="nav-link" onClick={onChoose}>
              <Icon size={16} aria-hidden />
              {t(label)}
            </Link>
          </li>
        ))}
        <li className="user-end">
          <button
            type="button"
            className="nav-link"
            data-testid="sign-out"
            disabled={signOut.isPending}
            onClick={() => signOut.mutate()}
          >
            <LogOut size={16} aria-hidden />
            {t('shell.signOut')}
          </button>
        </li>
      </ul>
    </>
  );
}

export function UserMenu({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const initials = deriveInitials(me);
  return (
    <Popover
      opened={isOpen}
      onDismiss={close}
      position="bottom-end"
      width={248}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <UnstyledButton
          className="user-button"
          data-testid="user-menu"
          aria-label={t('shell.userMenu', { initials })}
          onClick={toggle}
        >
          <span aria-hidden>{initials}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className="user-panel" aria-label={t('shell.userMenu', { initials })}>
        <UserPanel me={me} onChoose={close} />
      </Popover.Dropdown>
    </Popover>
  );
}
