import { Button, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { ProblemAlert } from '../parts/ProblemAlert';
import { isChangeOfMind } from './webauthn';

export interface PasswordFormProps<T> {
  /** What the button says. */
  label: string;
  deed: (password: string) => Promise<T>;
  onDone: (result: T) => void;
  /** What stands above the password: words, or further fields. */
  children?: ReactNode;
  /** In a dialog: the password is what one types first. */
  isFirst?: boolean;
  /** On a page, where the button is one among others. */
  isQuiet?: boolean;
  /** The deed cannot be undone at once. */
  isGrave?: boolean;
  isDisabled?: boolean;
}

/** A form for what the server does only for somebody who gives the present password once more. */
export function PasswordForm<T>(props: PasswordFormProps<T>) {
  const { label, deed, onDone, children, isFirst, isQuiet, isGrave, isDisabled } = props;
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const act = useMutation({
    mutationFn: () => deed(password),
    onSuccess: (result: T) => {
      setPassword('');
      onDone(result);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate();
      }}
    >
      <Stack>
        {children}
        <TextInput
          type="password"
          label={t('security.password')}
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          data-autofocus={isFirst || undefined}
        />
        {act.error && !isChangeOfMind(act.error) ? <ProblemAlert error={act.error} /> : null}
        <Button
          type="submit"
          variant={isQuiet ? 'default' : undefined}
          color={isGrave ? 'bad' : undefined}
          loading={act.isPending}
          disabled={isDisabled}
        >
          {label}
        </Button>
      </Stack>
    </form>
  );
}
