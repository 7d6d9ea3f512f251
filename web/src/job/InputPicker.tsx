// Chooses what fills one input slot: a dataset, or a file that an earlier job made.

import { Group, NativeSelect } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { datasetQuery, datasetsQuery, jobArtifactsQuery, jobsQuery } from '../api/queries';
import type { Artifact, Dataset, InputRef, InputSlot, Job } from '../api/types';
import { useFormat } from '../app/format';
import { isTable } from '../dataset/state';
import { jobName } from './JobTable';

export interface InputPickerProps {
  slot: InputSlot;
  engine: string;
  value: InputRef | undefined;
  onChange: (value: InputRef | undefined) => void;
  error?: string;
  /** A dataset that is to be chosen at the start. */
  datasetId?: string;
  /** A job whose file is to be chosen at the start. */
  jobId?: string;
}

function DatasetPicker({ slot, value, onChange, error, datasetId }: InputPickerProps) {
  const { t } = useTranslation();
  const datasets = useInfiniteQuery(datasetsQuery());
  const wanted = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== undefined });
  const listed = datasets.data?.pages.flatMap((page) => page.items) ?? [];
  const extra = wanted.data && !listed.some(({ id }) => id === wanted.data.id) ? [wanted.data] : [];
  const items = [...extra, ...listed].filter(
    ({ latest }) => isTable(latest) === (slot.kind === 'table') || slot.kind === 'file',
  );
  const toRef = (dataset: Dataset | undefined): InputRef | undefined =>
    dataset && { kind: 'dataset', id: dataset.id, version: dataset.latest.version };

  useEffect(() => {
    if (!value && wanted.data) {
      onChange({
        kind: 'dataset',
        id: wanted.data.id,
        version: wanted.data.latest.version,
      });
    }
    // Only when the wanted dataset arrives: afterwards the person chooses.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wanted.data]);

  return (
    <div>
      <NativeSelect
        label={slot.title}
        required={slot.required}
        error={error}
        data-testid="dataset-select"
        value={value?.kind === 'dataset' ? value.id : ''}
        onChange={(event) => {
          const id = event.currentTarget.value;
          onChange(toRef(items.find((dataset) => dataset.id === id)));
        }}
        data={[
          { value: '', label: t('form.choose') },
          ...items.map(({ id, name, latest }) => ({
            value: id,
            label: `${name} (${latest.file_name})`,
          })),
        ]}
      />
      {datasets.data && items.length === 0 ? (
        <p className="small">
          {t('newJob.noDatasets')} <Link to="/datasets">{t('newJob.toDatasets')}</Link>
        </p>
      ) : null}
    </div>
  );
}

const FITTING: Record<InputSlot['kind'], (artifact: Artifact) => boolean> = {
  model: ({ role }) => role === 'model',
  table: ({ role }) => role === 'table',
  file: () => true,
};

function ArtifactPicker({ slot, engine, value, onChange, error, jobId }: InputPickerProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [chosenJob, setChosenJob] = useState(jobId ?? '');
  const jobs = useInfiniteQuery(jobsQuery({ state: 'succeeded' }));
  const artifacts = useQuery({ ...jobArtifactsQuery(chosenJob), enabled: chosenJob !== '' });
  const fitting = artifacts.data?.filter(FITTING[slot.kind]) ?? [];
  const isOurs = (job: Job) => slot.kind !== 'model' || job.engine === engine;
  const items = jobs.data?.pages.flatMap((page) => page.items).filter(isOurs) ?? [];
  const only = fitting.length > 0 ? fitting[0] : undefined;

  useEffect(() => {
    if (only && !value) onChange({ kind: 'artifact', id: only.id });
    // Only when the files of another job arrive.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [only?.id]);

  return (
    <Group gap="xs" align="flex-end" className="picker-pair">
      <NativeSelect
        label={slot.title}
        description={t('newJob.fromJob')}
        required={slot.required}
        error={error}
        value={chosenJob}
        onChange={(event) => {
          setChosenJob(event.currentTarget.value);
          onChange(undefined);
        }}
        data={[
          { value: '', label: t('form.choose') },
          ...items.map((job) => ({
            value: job.id,
            label: [
              jobName(job),
              ...Object.values(job.input_names),
              format.time(job.created_at),
            ].join(' · '),
          })),
        ]}
      />
      {chosenJob && artifacts.data ? (
        <NativeSelect
          label={t('newJob.artifactOf')}
          value={value?.id ?? ''}
          onChange={(event) => {
            const id = event.currentTarget.value;
            onChange(id ? { kind: 'artifact', id } : undefined);
          }}
          data={[
            { value: '', label: fitting.length > 0 ? t('form.choose') : t('newJob.noArtifact') },
            ...fitting.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      ) : null}
    </Group>
  );
}

export function InputPicker(props: InputPickerProps) {
  const { t } = useTranslation();
  const { slot, value, jobId } = props;
  const startsWithFile =
    value?.kind === 'artifact' || (jobId !== undefined && slot.kind !== 'table');
  const [isFile, setIsFile] = useState(slot.kind === 'model' || startsWithFile);
  if (slot.kind === 'model') return <ArtifactPicker {...props} />;
  return (
    <div className="picker">
      {isFile ? <ArtifactPicker {...props} /> : <DatasetPicker {...props} />}
      <button
        type="button"
        className="link-button small"
        onClick={() => {
          setIsFile(!isFile);
          props.onChange(undefined);
        }}
      >
        {isFile ? t('newJob.useDataset') : t('newJob.useArtifact')}
      </button>
    </div>
  );
}
