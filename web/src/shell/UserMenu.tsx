import { Menu, SegmentedControl, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, LogOut, ShieldCheck, UserRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Me } from '../api/types';
import { LANGUAGES, changeLanguage } from '../app/i18n';
import type { Language } from '../app/i18n';
import { sayProblem } from '../app/toasts';

const NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

function initials(me: Me): string {
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

export function UserMenu({ me }: { me: Me }) {
  const { t } = useTranslation();
  const signOut = useMutation({
    mutationFn: () => api.send('POST', '/auth/logout'),
    onSuccess: () => window.location.assign('/sign-in'),
    onError: sayProblem,
  });
  return (
    <Menu position="bottom-end" width={248}>
      <Menu.Target>
        <UnstyledButton
          className="user-button"
          data-testid="user-menu"
          aria-label={t('shell.userMenu', { initials: initials(me) })}
        >
          <span aria-hidden>{initials(me)}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className="user-card">
          <strong>{me.user.name || me.user.email}</strong>
          <span className="small muted">{me.user.name ? me.user.email : me.organization.name}</span>
        </div>
        <Menu.Divider />
        <Preferences />
        <Menu.Divider />
        <Menu.Item
          leftSection={<UserRound size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/account" {...props} />}
        >
          {t('nav.account')}
        </Menu.Item>
        <Menu.Item
          leftSection={<KeyRound size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/account/keys" {...props} />}
        >
          {t('nav.keys')}
        </Menu.Item>
        <Menu.Item
          leftSection={<ShieldCheck size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/account/sessions" {...props} />}
        >
          {t('nav.sessions')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<LogOut size={16} aria-hidden />}
          data-testid="sign-out"
          onClick={() => signOut.mutate()}
        >
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
