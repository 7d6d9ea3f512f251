// Changes a workflow: what is wrong is asked of the server while one types, and shown at its step.

import { Button, NativeSelect, TextInput, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Copy, Play, Save, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { datasetsQuery, operationsQuery } from '../api/queries';
import { RUN_WORKFLOW } from '../api/types';
import type { Dataset, OperationSpec, Workflow, WorkflowCheck } from '../api/types';
import { ConfirmButton } from '../parts/ConfirmButton';
import { InlineCode } from '../parts/InlineCode';
import { PageHeader } from '../parts/PageHeader';
import { Empty, Section } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { FlowPicture } from './FlowPicture';
import { RunList } from './RunList';
import { StepCard } from './StepCard';
import { addNode, readText, toDefinition, writeText } from './definition';
import type { FlowDefinition } from './definition';
import './flow.css';
import { useWorkflowDeeds } from './useWorkflowDeeds';

const TYPING_MS = 400;

/** What the server says of a definition. */
function useCheck(definition: FlowDefinition) {
  const [settled] = useDebouncedValue(definition, TYPING_MS);
  return useQuery({
    queryKey: ['workflow-check', settled],
    queryFn: ({ signal }) =>
      api.send<WorkflowCheck>('POST', '/workflow-checks', {
        body: { definition: settled },
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

interface AddStepProps {
  operations: OperationSpec[];
  onAdd: (node: Parameters<typeof addNode>[1]) => void;
}

function AddStep({ operations, onAdd }: AddStepProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState('');
  return (
    <div className="flow-add">
      <NativeSelect
        label={t('flow.addWhat')}
        value={chosen}
        data-testid="flow-add"
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={[
          { value: '', label: t('flow.data') },
          ...operations.map(({ id, title }) => ({ value: id, label: `${title} (${id})` })),
        ]}
      />
      <Button
        variant="default"
        onClick={() => onAdd(chosen ? { operation: chosen, params: {} } : { dataset: undefined })}
      >
        {t('flow.add')}
      </Button>
    </div>
  );
}

interface TextViewProps {
  definition: FlowDefinition;
  onChange: (definition: FlowDefinition) => void;
}

function TextView({ definition, onChange }: TextViewProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => writeText(definition));
  const isRead = readText(text) !== null;
  return (
    <Textarea
      className="flow-text"
      label={t('flow.text')}
      description={t('flow.textHelp')}
      error={isRead ? undefined : t('flow.textWrong')}
      autosize
      minRows={12}
      maxRows={40}
      spellCheck={false}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        const read = readText(event.currentTarget.value);
        if (read) onChange(read);
      }}
    />
  );
}

function useDatasets(): Dataset[] {
  const datasets = useInfiniteQuery(datasetsQuery());
  return datasets.data?.pages.flatMap((page) => page.items) ?? [];
}

export function WorkflowEditor({ workflow }: { workflow: Workflow }) {
  const { t } = useTranslation();
  const [name, setName] = useState(workflow.name);
  const [definition, setDefinition] = useState(() => toDefinition(workflow.definition));
  const [isText, setIsText] = useState(false);
  const operations = (useQuery(operationsQuery).data ?? []).filter(({ id }) => id !== RUN_WORKFLOW);
  const datasets = useDatasets();
  const check = useCheck(definition);
  const deeds = useWorkflowDeeds(workflow, { name, definition });
  const problems = check.data?.problems ?? [];
  const general = problems.filter(({ node }) => node === null);
  const refusal = check.error instanceof Error ? check.error.message : null;
  return (
    <>
      <PageHeader
        title={workflow.name}
        parent={{ to: '/workflows', label: t('nav.workflows') }}
        summary={
          <span aria-live="polite" data-testid="flow-soundness" data-sound={check.data?.sound}>
            {check.data?.sound ? (
              <Badge tone="good">{t('flow.sound')}</Badge>
            ) : (
              <Badge tone="warn">{t('flow.toMend', { count: problems.length })}</Badge>
            )}
          </span>
        }
      >
        <Button
          leftSection={<Play size={16} aria-hidden />}
          disabled={!check.data?.sound}
          loading={deeds.run.isPending}
          onClick={() => deeds.run.mutate()}
          data-testid="flow-run"
        >
          {t('flow.run')}
        </Button>
        <Button
          variant="default"
          leftSection={<Save size={16} aria-hidden />}
          loading={deeds.save.isPending}
          onClick={() => deeds.save.mutate()}
          data-testid="flow-save"
        >
          {t('flow.save')}
        </Button>
        <Button
          variant="default"
          leftSection={<Copy size={16} aria-hidden />}
          loading={deeds.duplicate.isPending}
          onClick={() => deeds.duplicate.mutate()}
        >
          {t('flow.duplicate')}
        </Button>
        <ConfirmButton
          label={t('flow.delete')}
          question={t('flow.deleteQuestion', { name: workflow.name })}
          consequence={t('flow.deleteText')}
          icon={<Trash2 size={16} aria-hidden />}
          isBusy={deeds.remove.isPending}
          onConfirm={() => deeds.remove.mutate()}
        />
      </PageHeader>
      <div className="stack">
        <Section title={t('flow.one')}>
          <div className="stack">
            <TextInput
              label={t('flow.name')}
              maxLength={200}
              required
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {refusal || general.length > 0 ? (
              <div role="alert">
                <ul className="flow-problems">
                  {refusal ? <li>{refusal}</li> : null}
                  {general.map((problem, index) => (
                    <li key={index}>
                      <InlineCode text={problem.message} />
                    </li>
                  ))}
                </ul>
              </div>
            ) : null}
            <FlowPicture flow={definition} operations={operations} />
          </div>
        </Section>
        <Section
          title={t('flow.steps')}
          actions={
            <Button variant="default" size="compact-sm" onClick={() => setIsText(!isText)}>
              {isText ? t('flow.asList') : t('flow.asText')}
            </Button>
          }
        >
          <div className="stack">
            {isText ? <TextView definition={definition} onChange={setDefinition} /> : null}
            {!isText && definition.nodes.length === 0 ? <Empty text={t('flow.noSteps')} /> : null}
            {isText ? null : (
              <>
                <ol className="flow-steps">
                  {definition.nodes.map((node, index) => (
                    <StepCard
                      key={index}
                      flow={definition}
                      node={node}
                      operations={operations}
                      datasets={datasets}
                      problems={problems.filter((problem) => problem.node === node.id)}
                      onChange={setDefinition}
                    />
                  ))}
                </ol>
                <AddStep
                  operations={operations}
                  onAdd={(node) => setDefinition(addNode(definition, node))}
                />
              </>
            )}
          </div>
        </Section>
        <RunList workflowId={workflow.id} />
      </div>
    </>
  );
}
