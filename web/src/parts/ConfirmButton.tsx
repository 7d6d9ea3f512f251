import { Button, Group } from '@mantine/core';
import type { ButtonProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { Dialog } from './Dialog';

export interface ConfirmButtonProps {
  label: string;
  question: string;
  consequence: string;
  icon?: ReactNode;
  isBusy: boolean;
  onConfirm: () => void;
  testId?: string;
  size?: ButtonProps['size'];
}

/** A button whose deed cannot be undone: it asks first. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const { label, question, consequence, icon, isBusy, onConfirm, testId, size } = props;
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        className="button-bad"
        size={size}
        leftSection={icon}
        loading={isBusy}
        data-testid={testId}
        onClick={open}
      >
        {label}
      </Button>
      <Dialog isOpen={isOpen} onClose={close} title={question}>
        <p>{consequence}</p>
        <Group justify="flex-end" mt={24}>
          <Button variant="default" onClick={close} data-autofocus>
            {t('confirm.keep')}
          </Button>
          <Button
            color="bad"
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {label}
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
