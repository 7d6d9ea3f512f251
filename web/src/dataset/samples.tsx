// Sample tables that the server offers, so that nobody needs a file of their own to see a result.

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FlaskConical } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { operationsQuery, samplesQuery } from '../api/queries';
import type { Dataset, Sample } from '../api/types';
import { useFormat } from '../app/format';
import { sayProblem } from '../app/toasts';

/** Makes a dataset of a sample and goes where one would go next. */
function useTrySample() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async (sample: Sample) => {
      const [dataset, operations] = await Promise.all([
        api.send<Dataset>('POST', `/samples/${encodeURIComponent(sample.name)}`),
        client.ensureQueryData(operationsQuery),
      ]);
      return { dataset, operations };
    },
    onSuccess: ({ dataset, operations }, { suggestion }) => {
      void client.invalidateQueries({ queryKey: ['datasets'] });
      if (suggestion && operations.some(({ id }) => id === suggestion.operation)) {
        const { operation, params } = suggestion;
        void navigate({ to: '/jobs/new', search: { operation, params, dataset: dataset.id } });
      } else {
        void navigate({ to: '/datasets/$datasetId', params: { datasetId: dataset.id } });
      }
    },
    onError: sayProblem,
  });
}

/** One button that tries the first sample; nothing where the server has none. */
export function TrySample() {
  const { t } = useTranslation();
  const samples = useQuery(samplesQuery);
  const attempt = useTrySample();
  const first = samples.data?.[0];
  if (!first) return null;
  return (
    <Button
      variant="default"
      leftSection={<FlaskConical size={16} aria-hidden />}
      loading={attempt.isPending}
      data-testid="try-sample"
      onClick={() => attempt.mutate(first)}
    >
      {t('samples.try')}
    </Button>
  );
}

/** All samples, each with what is in it. */
export function SampleCards() {
  const { t } = useTranslation();
  const format = useFormat();
  const samples = useQuery(samplesQuery);
  const attempt = useTrySample();
  if (!samples.data || samples.data.length === 0) return null;
  return (
    <section className="samples" aria-labelledby="samples-title">
      <h2 id="samples-title">{t('samples.title')}</h2>
      <ul className="cards">
        {samples.data.map((sample) => (
          <li key={sample.name}>
            <button
              type="button"
              className="card"
              data-testid="sample-card"
              data-sample={sample.name}
              disabled={attempt.isPending}
              onClick={() => attempt.mutate(sample)}
            >
              <strong>{sample.title}</strong>
              <span>{sample.summary}</span>
              <span className="muted small">
                {t('samples.size', {
                  rows: format.integer(sample.rows),
                  columns: format.integer(sample.columns),
                })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
