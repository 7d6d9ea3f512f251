import { Alert, Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Download, Play, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { api, buildPath } from '../api/client';
import { isNotFound } from '../api/problem';
import {
  datasetQuery,
  datasetVersionsQuery,
  jobQuery,
  operationsQuery,
  previewQuery,
  profileQuery,
} from '../api/queries';
import type { Dataset, DatasetVersion } from '../api/types';
import { useFormat } from '../app/format';
import { say, sayProblem } from '../app/toasts';
import { DropArea, FilePicker } from '../dataset/DropZone';
import { PreviewTable } from '../dataset/PreviewTable';
import { ProfileTable } from '../dataset/ProfileTable';
import { UploadList } from '../dataset/UploadList';
import { PROFILE_POLL_MS, deriveState, isTable } from '../dataset/state';
import { describeWarning } from '../dataset/warnings';
import { ConfirmButton } from '../parts/ConfirmButton';
import { Copyable } from '../parts/Copyable';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { ProgressBar } from '../parts/ProgressBar';
import { Facts, Section } from '../parts/Section';
import { When } from '../parts/When';
import { useUploads } from '../shell/uploadQueue';

const route = getRouteApi('/datasets/$datasetId');

const PREVIEW_ROWS = 50;
const TRAIN = 'automl.train';
const SIMULATE = 'montecarlo.simulate';
const WORKBOOK = /spreadsheetml/;

function ProfileSection({ dataset, version }: { dataset: Dataset; version: DatasetVersion }) {
  const { t } = useTranslation();
  const profile = useQuery({
    ...profileQuery(dataset.id, version.version),
    enabled: version.profiled,
  });
  const job = useQuery({
    ...jobQuery(version.profile_job_id ?? ''),
    enabled: !version.profiled && version.profile_job_id !== null,
    refetchInterval: PROFILE_POLL_MS,
  });
  const state = version.profiled ? 'ready' : deriveState(dataset, job.data?.state);
  return (
    <Section title={t('profile.title')} flush>
      {state === 'profiling' ? (
        <div className="panel-body" role="status">
          <p className="muted">{t('profile.inProgress')}</p>
          <ProgressBar fraction={job.data?.progress ?? 0} label={t('profile.inProgress')} />
        </div>
      ) : null}
      {state === 'failed' ? (
        <p className="panel-body upload-failure">
          {[t('profile.failed'), job.data?.error?.message, job.data?.error?.next_step]
            .filter(Boolean)
            .join(' ')}
        </p>
      ) : null}
      {profile.error ? (
        <ProblemAlert error={profile.error} onRetry={() => void profile.refetch()} />
      ) : null}
      {profile.isLoading ? <PageSkeleton /> : null}
      {profile.data ? (
        <>
          {profile.data.warnings.length > 0 ? (
            <div className="panel-body">
              <Alert className="notice" title={t('warning.title')}>
                <ul className="plain-list">
                  {profile.data.warnings.map((warning, index) => (
                    <li key={index}>{describeWarning(warning, t)}</li>
                  ))}
                </ul>
              </Alert>
            </div>
          ) : null}
          <ProfileTable profile={profile.data} />
        </>
      ) : null}
    </Section>
  );
}

function PreviewSection({ id, version }: { id: string; version: number }) {
  const { t } = useTranslation();
  const preview = useQuery(previewQuery(id, version, PREVIEW_ROWS));
  return (
    <Section title={t('dataset.preview')} flush>
      {preview.error ? (
        <ProblemAlert error={preview.error} onRetry={() => void preview.refetch()} />
      ) : null}
      {preview.isPending ? <PageSkeleton /> : null}
      {preview.data ? <PreviewTable preview={preview.data} /> : null}
    </Section>
  );
}

function VersionFacts({ dataset, version }: { dataset: Dataset; version: DatasetVersion }) {
  const { t } = useTranslation();
  const format = useFormat();
  const unknown = t('value.unknown');
  const extents = [
    {
      label: t('dataset.rows'),
      value: version.rows === null ? unknown : format.integer(version.rows),
    },
    {
      label: t('dataset.columns'),
      value: version.columns === null ? unknown : format.integer(version.columns),
    },
  ];
  return (
    <Section title={t('dataset.about')}>
      <Facts
        facts={[
          { label: t('dataset.file'), value: version.file_name },
          { label: t('dataset.size'), value: format.bytes(version.bytes) },
          ...(isTable(version) ? extents : []),
          { label: t('dataset.uploaded'), value: <When at={version.created_at} /> },
          {
            label: t('dataset.id'),
            value: (
              <Copyable
                text={dataset.id}
                label={t('dataset.id')}
                short={`${dataset.id.slice(0, 8)}…`}
              />
            ),
          },
          {
            label: 'SHA-256',
            value: (
              <Copyable
                text={version.sha256}
                label="SHA-256"
                short={`${version.sha256.slice(0, 12)}…`}
              />
            ),
          },
        ]}
      />
    </Section>
  );
}

function DatasetActions({ dataset, version }: { dataset: Dataset; version: number }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const uploads = useUploads();
  const operations = useQuery(operationsQuery);
  const isWorkbook = WORKBOOK.test(dataset.latest.media_type);
  const usual = isWorkbook ? SIMULATE : TRAIN;
  const canRun = operations.data?.some((operation) => operation.id === usual);
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', `/datasets/${dataset.id}`),
    onSuccess: async () => {
      say(t('dataset.deleted', { name: dataset.name }));
      await navigate({ to: '/datasets' });
      client.removeQueries({ queryKey: ['dataset', dataset.id] });
      void client.invalidateQueries({ queryKey: ['datasets'] });
    },
    onError: sayProblem,
  });
  const search = { dataset: dataset.id, ...(canRun ? { operation: usual } : {}) };
  return (
    <>
      <Button
        leftSection={<Play size={16} aria-hidden />}
        renderRoot={(props) => <Link to="/jobs/new" search={search} {...props} />}
      >
        {canRun ? t(isWorkbook ? 'dataset.simulate' : 'dataset.train') : t('nav.newJob')}
      </Button>
      <FilePicker
        label={t('dataset.newVersion')}
        isQuiet
        onFiles={(files) => uploads.start(files.slice(0, 1), dataset.id)}
      />
      <Button
        variant="default"
        component="a"
        download
        href={buildPath(`/datasets/${dataset.id}/content`, { version })}
        leftSection={<Download size={16} aria-hidden />}
      >
        {t('artifact.download')}
      </Button>
      <ConfirmButton
        label={t('dataset.delete')}
        question={t('dataset.deleteQuestion', { name: dataset.name })}
        consequence={t('dataset.deleteText')}
        icon={<Trash2 size={16} aria-hidden />}
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
      />
    </>
  );
}

function VersionSelect({ dataset, version }: { dataset: Dataset; version: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = route.useNavigate();
  const versions = useQuery(datasetVersionsQuery(dataset.id));
  if (!versions.data || versions.data.length < 2) return null;
  return (
    <NativeSelect
      className="version-select"
      label={t('dataset.version')}
      value={String(version)}
      onChange={(event) =>
        void navigate({ search: { version: Number(event.currentTarget.value) }, replace: true })
      }
      data={versions.data.map((item) => ({
        value: String(item.version),
        label: `${item.version} · ${item.file_name} · ${format.time(item.created_at)}`,
      }))}
    />
  );
}

export function DatasetPage() {
  const { t } = useTranslation();
  const { datasetId } = route.useParams();
  const search = route.useSearch();
  const uploads = useUploads();
  const dataset = useQuery({
    ...datasetQuery(datasetId),
    refetchInterval: ({ state }) =>
      state.data && deriveState(state.data, undefined) === 'profiling' ? PROFILE_POLL_MS : false,
  });
  const versions = useQuery({
    ...datasetVersionsQuery(datasetId),
    enabled: search.version !== undefined,
  });
  const parent = { to: '/datasets' as const, label: t('nav.datasets') };
  if (dataset.error) {
    return (
      <>
        <PageHeader
          title={isNotFound(dataset.error) ? t('dataset.notFound') : t('dataset.one')}
          parent={parent}
        />
        <ProblemAlert error={dataset.error} onRetry={() => void dataset.refetch()} />
      </>
    );
  }
  if (!dataset.data) {
    return (
      <>
        <PageHeader title={t('dataset.one')} parent={parent} />
        <PageSkeleton />
      </>
    );
  }
  const { latest } = dataset.data;
  const chosen = versions.data?.find((item) => item.version === search.version) ?? latest;
  return (
    <DropArea onFiles={(files) => uploads.start(files.slice(0, 1), datasetId)}>
      <PageHeader title={dataset.data.name} parent={parent}>
        <DatasetActions dataset={dataset.data} version={chosen.version} />
      </PageHeader>
      <div className="stack">
        <UploadList datasetId={datasetId} />
        <VersionSelect dataset={dataset.data} version={chosen.version} />
        <VersionFacts dataset={dataset.data} version={chosen} />
        {isTable(chosen) ? (
          <>
            <ProfileSection dataset={dataset.data} version={chosen} />
            <PreviewSection id={datasetId} version={chosen.version} />
          </>
        ) : null}
      </div>
    </DropArea>
  );
}
