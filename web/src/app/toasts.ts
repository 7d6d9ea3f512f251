// Short messages in the corner; screen readers hear them too.

import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

import { ApiProblem } from '../api/problem';
import type { Job } from '../api/types';

const LONG_MS = 8_000;

type Toast = Parameters<typeof notifications.show>[0];

function show(toast: Toast): void {
  const closeButtonProps = { 'aria-label': i18next.t('confirm.close') };
  notifications.show({ closeButtonProps, ...toast });
}

export function say(message: string): void {
  show({ message, color: 'brand' });
}

export function sayProblem(error: unknown): void {
  const t = i18next.t;
  if (error instanceof ApiProblem) {
    const parts = [
      error.status === 0 ? t('problem.offline') : error.message,
      error.nextStep,
      error.requestId ? t('problem.requestId', { id: error.requestId }) : null,
    ];
    const message = parts.filter((part) => part !== null).join(' ');
    show({ title: error.title, message, color: 'bad', autoClose: LONG_MS });
  } else {
    const message = error instanceof Error ? error.message : String(error);
    show({ title: t('problem.unexpected'), message, color: 'bad' });
  }
}

export function announceEnd(job: Job): void {
  const t = i18next.t;
  show({
    id: `job-${job.id}`,
    title: t(`state.${job.state}`),
    message: job.label ?? job.operation_title,
    color: job.state === 'succeeded' ? 'brand' : 'bad',
    autoClose: LONG_MS,
  });
}
