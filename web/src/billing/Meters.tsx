// What was used of each meter, and whose limit that is: the plan's, or the organization's own.

import { useTranslation } from 'react-i18next';

import type { Account, OwnLimit } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { MeterBar } from '../parts/Bars';
import { Section } from '../parts/Section';
import { When } from '../parts/When';
import { tellUnits } from './meterUnits';

/** How the names of meters end that count by the day. */
const DAY = '.day';

function findOwn(overrides: OwnLimit[], meter: string): OwnLimit | undefined {
  const limit = meter.endsWith(DAY)
    ? `per_day.${meter.slice(0, -DAY.length)}`
    : `per_month.${meter}`;
  return overrides.find((own) => own.limit === limit);
}

export function Meters({ account }: { account: Account }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (account.meters.length === 0) return null;
  return (
    <Section title={t('account.meters')} testId="meters">
      <div className="stack">
        {account.meters.map((meter) => (
          <div key={meter.meter}>
            <MeterBar
              label={humanize(meter.meter)}
              used={meter.used + meter.reserved}
              limit={meter.limit}
              tell={(units) => tellUnits(format, meter.meter, units, meter.currency)}
            />
            {meter.resets_at ? (
              <p className="muted small">
                {t('account.resets')} <When at={meter.resets_at} />
              </p>
            ) : null}
            {findOwn(account.overrides, meter.meter) ? (
              <p className="muted small">{t('ownLimits.ofMeter')}</p>
            ) : null}
          </div>
        ))}
      </div>
    </Section>
  );
}
