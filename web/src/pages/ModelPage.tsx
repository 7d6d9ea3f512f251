import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Download, Trash2, Trophy } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { api, buildPath } from '../api/client';
import { isNotFound } from '../api/problem';
import { modelMetricsQuery, modelPlotsQuery, modelQuery } from '../api/modelQueries';
import type { Model } from '../api/types';
import { useFormat } from '../app/format';
import { say, sayProblem } from '../app/toasts';
import { Artifacts } from '../job/Artifacts';
import { TrainReport, isTrainReport } from '../job/TrainReport';
import { ModelCardForm } from '../model/ModelCardForm';
import { ModelPredict } from '../model/ModelPredict';
import { modelName } from '../model/modelName';
import { ConfirmButton } from '../parts/ConfirmButton';
import { Copyable } from '../parts/Copyable';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { ValueTree } from '../parts/ValueTree';
import { When } from '../parts/When';

const route = getRouteApi('/models/$modelId');

function ModelActions({ model }: { model: Model }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', `/models/${model.id}`),
    onSuccess: async () => {
      say(t('model.deleted', { name: modelName(model) }));
      await navigate({ to: '/models' });
      client.removeQueries({ queryKey: ['model', model.id] });
      void client.invalidateQueries({ queryKey: ['models'] });
    },
    onError: sayProblem,
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<Trophy size={16} aria-hidden />}
        renderRoot={(props) => (
          <Link to="/models/of/$jobId" params={{ jobId: model.job_id }} {...props} />
        )}
      >
        {t('model.compare')}
      </Button>
      <Button
        variant="default"
        component="a"
        download
        href={buildPath(`/artifacts/${model.id}/content`)}
        leftSection={<Download size={16} aria-hidden />}
      >
        {t('artifact.download')}
      </Button>
      <ConfirmButton
        label={t('model.delete')}
        question={t('model.deleteQuestion', { name: modelName(model) })}
        consequence={t('model.deleteText')}
        icon={<Trash2 size={16} aria-hidden />}
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
      />
    </>
  );
}

function ModelFacts({ model }: { model: Model }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Section title={t('model.about')}>
      <Facts
        facts={[
          { label: t('job.operation'), value: <code>{model.operation}</code> },
          {
            label: t('job.one'),
            value: (
              <Link to="/jobs/$jobId" params={{ jobId: model.job_id }} className="mono">
                {model.job_id.slice(0, 8)}
              </Link>
            ),
          },
          { label: t('job.created'), value: <When at={model.created_at} /> },
          { label: t('dataset.size'), value: format.bytes(model.bytes) },
          {
            label: 'SHA-256',
            value: (
              <Copyable
                text={model.sha256}
                label="SHA-256"
                short={`${model.sha256.slice(0, 8)}…`}
              />
            ),
          },
        ]}
      />
    </Section>
  );
}

function ModelResults({ model }: { model: Model }) {
  const { t } = useTranslation();
  const metrics = useQuery(modelMetricsQuery(model.id));
  const plots = useQuery(modelPlotsQuery(model.id));
  const report = metrics.data?.report ?? null;
  const error = metrics.error ?? plots.error;
  const refetch = () => {
    void metrics.refetch();
    void plots.refetch();
  };
  return (
    <>
      {error ? <ProblemAlert error={error} onRetry={refetch} /> : null}
      {isTrainReport(report) ? <TrainReport report={report} /> : null}
      {report && !isTrainReport(report) ? (
        <Section title={t('job.result')}>
          <ValueTree value={report} label={t('job.result')} />
        </Section>
      ) : null}
      <Artifacts artifacts={plots.data ?? []} />
    </>
  );
}

export function ModelPage() {
  const { t } = useTranslation();
  const { modelId } = route.useParams();
  const model = useQuery(modelQuery(modelId));
  const parent = { to: '/models' as const, label: t('nav.models') };
  if (model.error) {
    const title = isNotFound(model.error) ? t('model.notFound') : t('model.one');
    return (
      <>
        <PageHeader title={title} parent={parent} />
        <ProblemAlert error={model.error} onRetry={() => void model.refetch()} />
      </>
    );
  }
  if (!model.data) {
    return (
      <>
        <PageHeader title={t('model.one')} parent={parent} />
        <PageSkeleton />
      </>
    );
  }
  return (
    <>
      <PageHeader title={modelName(model.data)} parent={parent} summary={model.data.note}>
        <ModelActions model={model.data} />
      </PageHeader>
      <div className="stack">
        <ModelFacts model={model.data} />
        <ModelCardForm key={modelId} model={model.data} />
        <ModelPredict key={`predict-${modelId}`} model={model.data} />
        <ModelResults model={model.data} />
      </div>
    </>
  );
}
