import { useTranslation } from 'react-i18next';

import { JOB_STATES } from '../api/types';
import type { JobState } from '../api/types';
import { Badge, StateBadge } from '../parts/StateBadge';

const isJobState = (state: string): state is JobState =>
  JOB_STATES.some((known) => known === state);

/** The state of a node: its job's, or what the run says of it. */
export function NodeBadge({ state }: { state: string }) {
  const { t } = useTranslation();
  if (state === 'reused') return <Badge tone="good">{t('flow.state.reused')}</Badge>;
  if (state === 'ready') return <Badge>{t('flow.state.ready')}</Badge>;
  if (state === 'skipped') return <Badge tone="warn">{t('flow.state.skipped')}</Badge>;
  if (state === 'waiting') return <Badge>{t('flow.state.waiting')}</Badge>;
  return isJobState(state) ? <StateBadge state={state} /> : <Badge>{state}</Badge>;
}
