import { Drawer } from '@mantine/core';
import { useTranslation } from 'react-i18next';

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
    <Drawer.Root opened={isOpen} onClose={onClose} size={264}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className="dialog-head">
          <Drawer.Title className="dialog-title">Gantry</Drawer.Title>
          <Drawer.CloseButton aria-label={t('nav.close')} />
        </div>
        <Drawer.Body>
          <nav aria-label={t('nav.label')}>
            <Navigation isAdministrator={isAdministrator} onChoose={onClose} />
          </nav>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
