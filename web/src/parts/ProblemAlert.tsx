// What went wrong, what to do next, the request's id, and a way to try again.

import { Alert, Button } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { ApiProblem } from '../api/problem';
import { Copyable } from './Copyable';
import { InlineCode } from './InlineCode';

export interface ProblemAlertProps {
  error: unknown;
  onRetry?: () => void;
}

export function ProblemAlert({ error, onRetry }: ProblemAlertProps) {
  const { t } = useTranslation();
  const problem = error instanceof ApiProblem ? error : null;
  const isOffline = problem?.status === 0;
  const title = isOffline ? t('problem.offlineTitle') : (problem?.title ?? t('problem.unexpected'));
  const cause = isOffline
    ? t('problem.offline')
    : (problem?.detail ?? (error instanceof Error && !problem ? error.message : null));
  return (
    <Alert
      role="alert"
      className="problem"
      icon={<TriangleAlert size={18} aria-hidden />}
      title={title}
    >
      {cause ? (
        <p>
          <InlineCode text={cause} />
        </p>
      ) : null}
      {problem?.fields.length ? (
        <ul>
          {problem.fields.map((field) => (
            <li key={`${field.pointer} ${field.message}`}>
              <code>{field.pointer}</code> <InlineCode text={field.message} />
            </li>
          ))}
        </ul>
      ) : null}
      {problem?.nextStep ? (
        <p>
          <InlineCode text={problem.nextStep} />
        </p>
      ) : null}
      {problem?.requestId ? (
        <p className="small muted">
          {t('problem.request')} <Copyable text={problem.requestId} label={t('problem.request')} />
        </p>
      ) : null}
      {onRetry ? (
        <Button variant="default" size="xs" mt={8} onClick={onRetry}>
          {t('problem.retry')}
        </Button>
      ) : null}
    </Alert>
  );
}
