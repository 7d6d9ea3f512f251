// Inputs, parameters and price of a job that is about to be submitted.

import { TextInput } from '@mantine/core';
import { useMutation, useQueries, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api, createKey } from '../api/client';
import { previewQuery } from '../api/queries';
import type { InputRef, Job, JsonObject, NewJob, OperationSpec } from '../api/types';
import { sayProblem } from '../app/toasts';
import { ParamsForm } from '../form/ParamsForm';
import { fillDefaults } from '../form/defaults';
import { findParamErrors, findServerErrors, onlyWrong } from '../form/paramErrors';
import { prepareSchema } from '../form/prepareSchema';
import { findColumnFields } from '../form/uiSchema';
import { withoutEmpty } from '../form/validator';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { CostPanel } from './CostPanel';
import { InputPicker } from './InputPicker';
import { useEstimate } from './useEstimate';

const COLUMN_ROWS = 5;

type Inputs = Record<string, InputRef>;

export interface NewJobFormProps {
  operation: OperationSpec;
  from: Job | undefined;
  /** Parameters to begin with, where no job is taken over. */
  start: JsonObject | undefined;
  datasetId: string | undefined;
  modelJobId: string | undefined;
}

/** Names of the columns of every table that is chosen among the datasets. */
function useColumns(operation: OperationSpec, inputs: Inputs): Record<string, string[] | null> {
  const tables = operation.inputs.filter(({ kind }) => kind === 'table');
  const slots = Object.entries(inputs).filter(
    ([slot, input]) => input.kind === 'dataset' && tables.some(({ name }) => name === slot),
  );
  const previews = useQueries({
    queries: slots.map(([, input]) =>
      previewQuery(input.id, input.kind === 'dataset' ? input.version : 1, COLUMN_ROWS),
    ),
  });
  return Object.fromEntries(
    slots.map(([slot], at) => [
      slot,
      previews[at]?.data?.columns.map((column) => column.name) ?? null,
    ]),
  );
}

/** A submission that is tried again after a lost answer must not become two jobs. */
function useSubmit(onRefused: (error: unknown) => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const last = useRef({ body: '', key: '' });
  return useMutation({
    mutationFn: (job: NewJob) => {
      const body = JSON.stringify(job);
      if (last.current.body !== body) last.current = { body, key: createKey() };
      return api.send<Job>('POST', '/jobs', {
        body: job,
        headers: { 'Idempotency-Key': last.current.key },
      });
    },
    onSuccess: (job) => {
      client.setQueryData(['job', job.id], job);
      void client.invalidateQueries({ queryKey: ['jobs'] });
      void client.invalidateQueries({ queryKey: ['account'] });
      void navigate({ to: '/jobs/$jobId', params: { jobId: job.id } });
    },
    onError: (error) => {
      onRefused(error);
      sayProblem(error);
    },
  });
}

function useParams(operation: OperationSpec, given: JsonObject | undefined) {
  const schema = useMemo(() => prepareSchema(operation.params_schema), [operation]);
  const [params, setParams] = useState<JsonObject>(() => fillDefaults(schema, given ?? {}));
  return { schema, params, setParams };
}

export function NewJobForm({ operation, from, start, datasetId, modelJobId }: NewJobFormProps) {
  const { t } = useTranslation();
  const { schema, params, setParams } = useParams(operation, from?.params ?? start);
  const [inputs, setInputs] = useState<Inputs>(() => from?.inputs ?? {});
  const [label, setLabel] = useState(from?.label ?? '');
  const [startAt, setStartAt] = useState('');
  const [keep, setKeep] = useState(false);
  const [isTried, setIsTried] = useState(false);
  const [refusal, setRefusal] = useState<unknown>(null);
  const columns = useColumns(operation, inputs);
  const submit = useSubmit(setRefusal);

  const chooseInput = useCallback(
    (slot: string, value: InputRef | undefined) => {
      setRefusal(null);
      setInputs(({ [slot]: _before, ...others }) =>
        value ? { ...others, [slot]: value } : others,
      );
      // Columns of other data mean nothing here; those that came with the page's address do.
      const stale = inputs[slot] ? findColumnFields(schema, slot) : [];
      setParams((before) =>
        Object.fromEntries(Object.entries(before).filter(([name]) => !stale.includes(name))),
      );
    },
    [inputs, schema, setParams],
  );

  const errors = useMemo(() => findParamErrors(schema, params), [schema, params]);
  const missing = operation.inputs.filter((slot) => slot.required && !inputs[slot.name]);
  const isComplete = errors.length === 0 && missing.length === 0;
  const cleaned = withoutEmpty(params) as JsonObject;
  const estimate = useEstimate(operation.id, isComplete ? { params: cleaned, inputs } : null);
  const shown = useMemo(
    () => [
      ...(isTried ? errors : onlyWrong(errors)),
      ...findServerErrors(refusal ?? estimate.error),
    ],
    [errors, estimate.error, isTried, refusal],
  );
  const hasParams = Object.keys((schema.properties as JsonObject | undefined) ?? {}).length > 0;

  const trySubmit = () => {
    setIsTried(true);
    if (!isComplete) return;
    submit.mutate({
      operation: operation.id,
      params: cleaned,
      inputs,
      ...(label.trim() ? { label: label.trim() } : {}),
      ...(startAt ? { start_at: new Date(startAt).toISOString() } : {}),
      ...(keep ? { keep_if_refused: true } : {}),
    });
  };

  return (
    <form
      className="new-job"
      data-testid="operation-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        trySubmit();
      }}
    >
      <div className="stack">
        {operation.inputs.length > 0 ? (
          <Section title={t('newJob.inputs')}>
            <div className="form-fields">
              {operation.inputs.map((slot, at) => (
                <InputPicker
                  key={slot.name}
                  slot={slot}
                  engine={operation.engine}
                  value={inputs[slot.name]}
                  onChange={(value) => chooseInput(slot.name, value)}
                  error={isTried && missing.includes(slot) ? t('form.required') : undefined}
                  datasetId={
                    at === operation.inputs.findIndex(({ kind }) => kind !== 'model')
                      ? datasetId
                      : undefined
                  }
                  jobId={slot.kind === 'model' ? modelJobId : undefined}
                />
              ))}
            </div>
          </Section>
        ) : null}
        <Section title={t('newJob.params')}>
          <div className="form-fields">
            {hasParams ? (
              <ParamsForm
                schema={schema}
                value={params}
                errors={shown}
                context={{ columns }}
                onChange={(value) => {
                  setRefusal(null);
                  setParams(value);
                }}
              />
            ) : null}
            <TextInput
              label={t('newJob.label')}
              description={t('newJob.labelText')}
              maxLength={200}
              value={label}
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
            <TextInput
              type="datetime-local"
              label={t('newJob.startAt')}
              description={t('newJob.startAtText')}
              value={startAt}
              onChange={(event) => setStartAt(event.currentTarget.value)}
            />
          </div>
        </Section>
        {refusal ? <ProblemAlert error={refusal} /> : null}
      </div>
      <div className="new-job-side">
        <CostPanel
          estimate={estimate.data}
          error={estimate.error}
          isComplete={isComplete}
          isBusy={submit.isPending}
          keep={keep}
          onKeep={setKeep}
          onSubmit={trySubmit}
        />
      </div>
    </form>
  );
}
