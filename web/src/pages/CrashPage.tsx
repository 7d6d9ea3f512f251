import { Button } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import { ProblemAlert } from '../parts/ProblemAlert';

/** What is left when a page broke: the cause, and ways on. */
export function CrashPage({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('crash.title')} · Gantry`;
  }, [t]);
  return (
    <main className="shell-alone">
      <h1>{t('crash.title')}</h1>
      <ProblemAlert error={error} />
      <p className="muted">{t('crash.text')}</p>
      <p className="page-actions">
        <Button onClick={() => window.location.reload()}>{t('crash.reload')}</Button>
        <Button variant="default" component="a" href="/app/">
          {t('shell.toHome')}
        </Button>
      </p>
    </main>
  );
}
