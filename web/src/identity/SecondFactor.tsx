import { Alert, Button, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { secondFactorQuery } from '../api/queries';
import type { Enrolment, RecoveryCodes } from '../api/types';
import { say } from '../app/toasts';
import { Copyable } from '../parts/Copyable';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { PasswordForm } from './PasswordForm';

interface StepProps<T> {
  onDone: (result: T) => void;
}

function PasswordStep<T>({ path, label, onDone }: StepProps<T> & { path: string; label: string }) {
  return (
    <PasswordForm<T>
      label={label}
      deed={(password) => api.send('POST', `/auth/second-factor/${path}`, { body: { password } })}
      onDone={onDone}
      isFirst
    />
  );
}

function CodeStep({ enrolment, onDone }: StepProps<RecoveryCodes> & { enrolment: Enrolment }) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const confirm = useMutation({
    mutationFn: () =>
      api.send<RecoveryCodes>('POST', '/auth/second-factor/confirm', { body: { code } }),
    onSuccess: onDone,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Stack>
        <p>{t('factor.scan')}</p>
        <img
          className="identity-code"
          alt={t('factor.picture')}
          src={`data:image/svg+xml;utf8,${encodeURIComponent(enrolment.qr_code)}`}
        />
        <div className="secret" data-testid="shared-secret">
          <Copyable text={enrolment.secret} label={t('factor.secret')} />
        </div>
        <TextInput
          label={t('factor.code')}
          required
          maxLength={10}
          inputMode="numeric"
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        {confirm.error ? <ProblemAlert error={confirm.error} /> : null}
        <Button type="submit" loading={confirm.isPending}>
          {t('factor.confirm')}
        </Button>
      </Stack>
    </form>
  );
}

function CodesStep({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Alert className="notice">{t('factor.once')}</Alert>
      <ul className="identity-codes" data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Copyable text={codes.join('\n')} label={t('factor.codes')} short={t('factor.copyAll')} />
      <Button onClick={onDone}>{t('factor.kept')}</Button>
    </Stack>
  );
}

type Deed = 'on' | 'off' | 'codes';

/** What the dialog shows, step by step. */
function Steps({ deed, onEnd }: { deed: Deed; onEnd: () => void }) {
  const { t } = useTranslation();
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) return <CodesStep codes={codes} onDone={onEnd} />;
  if (enrolment) {
    return <CodeStep enrolment={enrolment} onDone={(done) => setCodes(done.codes)} />;
  }
  if (deed === 'on') {
    return <PasswordStep<Enrolment> path="setup" label={t('factor.go')} onDone={setEnrolment} />;
  }
  if (deed === 'codes') {
    return (
      <PasswordStep<RecoveryCodes>
        path="recovery-codes"
        label={t('factor.renew')}
        onDone={(done) => setCodes(done.codes)}
      />
    );
  }
  return (
    <PasswordStep<undefined>
      path="disable"
      label={t('factor.turnOff')}
      onDone={() => {
        say(t('factor.isOff'));
        onEnd();
      }}
    />
  );
}

/** Two-factor sign-in: on, off, and the recovery codes. */
export function SecondFactor() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const state = useQuery(secondFactorQuery);
  const [deed, setDeed] = useState<Deed>('on');
  const [isOpen, { open, close }] = useDisclosure(false);
  const begin = (chosen: Deed) => {
    setDeed(chosen);
    open();
  };
  const end = () => {
    close();
    void client.invalidateQueries({ queryKey: ['me'] });
  };
  const titles = { on: t('factor.turnOn'), off: t('factor.turnOff'), codes: t('factor.renew') };
  return (
    <Section title={t('factor.title')} testId="second-factor">
      {state.error ? <ProblemAlert error={state.error} /> : null}
      {state.data ? (
        <Stack>
          <p>{state.data.enabled ? t('factor.on') : t('factor.off')}</p>
          {state.data.required && !state.data.enabled ? (
            <Alert className="notice">{t('factor.required')}</Alert>
          ) : null}
          {state.data.enabled ? (
            <>
              <p className="muted small">
                {t('factor.left', { count: state.data.recovery_codes })}
              </p>
              <div className="identity-row">
                <Button variant="default" onClick={() => begin('codes')}>
                  {t('factor.renew')}
                </Button>
                <Button variant="default" className="button-bad" onClick={() => begin('off')}>
                  {t('factor.turnOff')}
                </Button>
              </div>
            </>
          ) : (
            <Button onClick={() => begin('on')}>{t('factor.turnOn')}</Button>
          )}
        </Stack>
      ) : null}
      <Dialog isOpen={isOpen} onClose={end} title={titles[deed]} isSticky>
        <Steps deed={deed} onEnd={end} />
      </Dialog>
    </Section>
  );
}
