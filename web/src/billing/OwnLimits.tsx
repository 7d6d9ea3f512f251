// The limits that an administrator gave the organization in place of its plan's.

import { useTranslation } from 'react-i18next';

import type { Account } from '../api/types';
import { useFormat } from '../app/format';
import { Facts, Section } from '../parts/Section';
import { useLimitWords } from './limitWords';

export function OwnLimits({ account }: { account: Account }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { nameOf, tell } = useLimitWords();
  if (account.overrides.length === 0) return null;
  return (
    <Section title={t('ownLimits.title')} testId="own-limits">
      <div className="stack">
        <p className="muted">{t('ownLimits.text')}</p>
        <Facts
          facts={account.overrides.map(({ limit, value, expires_at }) => ({
            label: nameOf(limit),
            value: (
              <>
                {tell(limit, value)}
                {expires_at ? (
                  <span className="muted small">
                    {' '}
                    {t('ownLimits.until', { time: format.time(expires_at) })}
                  </span>
                ) : null}
              </>
            ),
          }))}
        />
      </div>
    </Section>
  );
}
