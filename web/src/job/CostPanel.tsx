import { Button, Checkbox } from '@mantine/core';
import { Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { ApiProblem } from '../api/problem';
import type { Estimate } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { useJobsCostCredits } from '../billing/pricing';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';

export interface CostPanelProps {
  estimate: Estimate | undefined;
  error: unknown;
  isComplete: boolean;
  isBusy: boolean;
  keep: boolean;
  onKeep: (keep: boolean) => void;
  onSubmit: () => void;
}

function Cost({ estimate }: { estimate: Estimate }) {
  const { t } = useTranslation();
  const format = useFormat();
  const costs = useJobsCostCredits();
  return (
    <>
      {costs ? (
        <>
          <p className="cost">
            <strong>{format.integer(estimate.max_credits)}</strong>{' '}
            {t('cost.credits', { count: estimate.max_credits })}
          </p>
          <p className="muted small">{t('cost.explain')}</p>
        </>
      ) : (
        <p className="muted small">{t('cost.included')}</p>
      )}
      {estimate.cancel_keeps_percent > 0 ? (
        <p className="muted small">
          {t('cost.cancelling', { percent: estimate.cancel_keeps_percent })}
        </p>
      ) : null}
      <Facts
        facts={[
          { label: t('cost.memory'), value: format.bytes(estimate.memory_bytes) },
          { label: t('cost.threads'), value: format.integer(estimate.threads) },
          { label: t('cost.device'), value: t(`device.${estimate.device}`) },
          ...Object.entries(estimate.meters).map(([meter, units]) => ({
            label: humanize(meter),
            value: format.integer(units),
          })),
        ]}
      />
    </>
  );
}

/** The price before the button. */
export function CostPanel(props: CostPanelProps) {
  const { estimate, error, isComplete, isBusy, keep, onKeep, onSubmit } = props;
  const { t } = useTranslation();
  const refusal = estimate && !estimate.admissible ? (estimate.refusal ?? {}) : null;
  return (
    <Section title={t('cost.title')}>
      <div className="stack" data-testid="job-cost" aria-live="polite">
        {estimate ? <Cost estimate={estimate} /> : null}
        {!estimate && !error ? (
          <p className="muted">{isComplete ? t('cost.asking') : t('cost.incomplete')}</p>
        ) : null}
        {error ? <ProblemAlert error={error} /> : null}
        {refusal ? (
          <>
            <ProblemAlert error={new ApiProblem(refusal, 402, null)} />
            <Checkbox
              label={t('cost.keep')}
              description={t('cost.keepText')}
              checked={keep}
              onChange={(event) => onKeep(event.currentTarget.checked)}
            />
          </>
        ) : null}
      </div>
      <Button
        fullWidth
        mt={16}
        size="md"
        data-testid="submit-job"
        loading={isBusy}
        disabled={refusal !== null && !keep}
        leftSection={<Play size={16} aria-hidden />}
        onClick={onSubmit}
      >
        {refusal ? t('cost.submitKept') : t('cost.submit')}
      </Button>
    </Section>
  );
}
