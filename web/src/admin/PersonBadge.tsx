import { useTranslation } from 'react-i18next';

import type { PersonStatus } from '../api/types';
import { Badge } from '../parts/StateBadge';

const TONES = {
  active: 'good',
  suspended: 'warn',
  banned: 'bad',
  leaving: 'quiet',
  erased: 'quiet',
} as const;

/** Whether a person may act, in word and colour. */
export function PersonBadge({ status }: { status: PersonStatus }) {
  const { t } = useTranslation();
  return <Badge tone={TONES[status]}>{t(`people.status.${status}`)}</Badge>;
}
