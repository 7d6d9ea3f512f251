import {
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  Clock,
  LoaderCircle,
  Lock,
  Skull,
} from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import type { JobState } from '../api/types';

type Tone = 'good' | 'bad' | 'warn' | 'info' | 'quiet';

const LOOKS: Record<JobState, { icon: LucideIcon; tone: Tone }> = {
  scheduled: { icon: Clock, tone: 'quiet' },
  blocked: { icon: Lock, tone: 'warn' },
  queued: { icon: CircleDashed, tone: 'quiet' },
  running: { icon: LoaderCircle, tone: 'info' },
  waiting: { icon: CirclePause, tone: 'info' },
  succeeded: { icon: CircleCheck, tone: 'good' },
  failed: { icon: CircleX, tone: 'bad' },
  cancelled: { icon: Ban, tone: 'quiet' },
  dead: { icon: Skull, tone: 'bad' },
};

export interface StateBadgeProps {
  state: JobState;
  testId?: string;
}

/** A job's state in word, sign and colour. */
export function StateBadge({ state, testId }: StateBadgeProps) {
  const { t } = useTranslation();
  const { icon: Icon, tone } = LOOKS[state];
  return (
    <span className={`badge badge-${tone}`} data-testid={testId} data-state={state}>
      <Icon size={14} aria-hidden className={state === 'running' ? 'spin' : undefined} />
      {t(`state.${state}`)}
    </span>
  );
}

export function Badge({ tone = 'quiet', children }: { tone?: Tone; children: string }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}
