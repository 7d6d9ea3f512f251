import { useTranslation } from 'react-i18next';

import { PERSON_STATES } from '../api/types';
import type { PersonStatus } from '../api/types';
import { humanize } from '../app/format';
import { Badge } from '../parts/StateBadge';

const TONES = { active: 'good', suspended: 'warn', banned: 'bad', erased: 'quiet' } as const;

/** Whether a person may act, in word and colour; a word that is new is shown as it came. */
export function PersonBadge({ status }: { status: PersonStatus }) {
  const { t } = useTranslation();
  if (!PERSON_STATES.includes(status)) return <Badge>{humanize(status)}</Badge>;
  return <Badge tone={TONES[status]}>{t(`people.status.${status}`)}</Badge>;
}
