// A button of an administrator that asks in a dialog for what the deed needs, and says how it went.

import { Button, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { say } from '../app/toasts';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';

export interface DeedButtonProps {
  /** On the button that opens the dialog, and on the one that does the deed. */
  label: string;
  question: string;
  consequence: string;
  done: string;
  /** What is read anew afterwards. */
  changes: string;
  deed: () => Promise<unknown>;
  isReady: boolean;
  isBad?: boolean;
  /** The fields; what they hold is kept by who draws them. */
  children: ReactNode;
}

export function DeedButton(props: DeedButtonProps) {
  const { label, question, consequence, done, changes, deed, isReady, isBad, children } = props;
  const { t } = useTranslation();
  const client = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure(false);
  const act = useMutation({
    mutationFn: deed,
    onSuccess: () => {
      close();
      say(done);
      void client.invalidateQueries({ queryKey: [changes] });
    },
  });
  return (
    <>
      <Button
        variant="default"
        className={isBad ? 'button-bad' : undefined}
        onClick={() => {
          act.reset();
          open();
        }}
      >
        {label}
      </Button>
      <Dialog isOpen={isOpen} onClose={close} title={question}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate();
          }}
        >
          <Stack>
            <p>{consequence}</p>
            {children}
            {act.error ? <ProblemAlert error={act.error} /> : null}
            <div className="deeds">
              <Button variant="default" onClick={close}>
                {t('confirm.keep')}
              </Button>
              <Button
                type="submit"
                color={isBad ? 'bad' : undefined}
                loading={act.isPending}
                disabled={!isReady}
              >
                {label}
              </Button>
            </div>
          </Stack>
        </form>
      </Dialog>
    </>
  );
}
