import { Drawer } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { Logo } from './Logo';
import { Navigation } from './Navigation';

export interface PhoneDrawerProps {
  isOpen: boolean;
  isAdministrator: boolean;
  onClose: () => void;
}

/** The navigation of narrow screens. */
export default function PhoneDrawer({ isOpen, isAdministrator, onClose }: PhoneDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      size={264}
      title={<Logo />}
      closeButtonProps={{ 'aria-label': t('nav.close') }}
    >
      <nav aria-label={t('nav.label')}>
        <Navigation isAdministrator={isAdministrator} onChoose={onClose} />
      </nav>
    </Drawer>
  );
}
