// A dialog with a name. Its head is no <header>: beside the page's own there must be no second one.

import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface DialogProps {
  isOpen: boolean;
  onClose: () => void;
  onClosed?: () => void;
  title: string;
  size?: 'md' | 'lg';
  isSticky?: boolean;
  children: ReactNode;
}

export function Dialog(props: DialogProps) {
  const { isOpen, onClose, onClosed, title, size, isSticky, children } = props;
  const { t } = useTranslation();
  return (
    <Modal.Root
      opened={isOpen}
      onClose={onClose}
      onExitTransitionEnd={onClosed}
      closeOnClickOutside={!isSticky}
      size={size}
      centered
    >
      <Modal.Overlay />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title className="dialog-title">{title}</Modal.Title>
          <Modal.CloseButton aria-label={t('confirm.close')} />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
