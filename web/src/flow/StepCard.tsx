// One step of a workflow: what it is, its parameters, and where its inputs come from; what is wrong
// stands beside it.

import { Button, NativeSelect } from '@mantine/core';
import { Trash2 } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import type { Dataset, JsonObject, OperationSpec, WorkflowProblem } from '../api/types';
import { ParamsForm } from '../form/ParamsForm';
import { prepareSchema } from '../form/prepareSchema';
import { withoutEmpty } from '../form/validator';
import { InlineCode } from '../parts/InlineCode';
import { changeNode, connect, findEdge, listSources, removeNode } from './definition';
import type { FlowDefinition, FlowNode } from './definition';

/** What a step reads is only known at a run. */
const NO_COLUMNS = { columns: {} };

export interface StepCardProps {
  flow: FlowDefinition;
  node: FlowNode;
  operations: OperationSpec[];
  datasets: Dataset[];
  problems: WorkflowProblem[];
  onChange: (flow: FlowDefinition) => void;
}

function Inputs({ flow, node, spec, onChange }: StepCardProps & { spec: OperationSpec }) {
  const { t } = useTranslation();
  return spec.inputs
    .filter((slot) => node.inputs?.[slot.name] === undefined)
    .map((slot) => {
      const now = findEdge(flow, node.id, slot, spec.inputs.length === 1)?.from ?? '';
      const sources = listSources(flow, node.id, slot);
      const choices = now && !sources.includes(now) ? [now, ...sources] : sources;
      return (
        <NativeSelect
          key={slot.name}
          label={slot.title}
          required={slot.required}
          value={now}
          onChange={(event) => onChange(connect(flow, node.id, slot, event.currentTarget.value))}
          data={[
            { value: '', label: t('form.choose') },
            ...choices.map((source) => ({ value: source, label: source })),
          ]}
        />
      );
    });
}

function Params({ flow, node, spec, onChange }: StepCardProps & { spec: OperationSpec }) {
  const schema = useMemo(() => prepareSchema(spec.params_schema), [spec]);
  const fields = schema.properties;
  if (!fields || Object.keys(fields).length === 0) return null;
  return (
    <ParamsForm
      schema={schema}
      value={node.params ?? {}}
      errors={[]}
      context={NO_COLUMNS}
      idPrefix={node.id}
      onChange={(params) =>
        onChange(changeNode(flow, node.id, { params: withoutEmpty(params) as JsonObject }))
      }
    />
  );
}

export function StepCard(props: StepCardProps) {
  const { flow, node, operations, datasets, problems, onChange } = props;
  const { t } = useTranslation();
  const spec = operations.find(({ id }) => id === node.operation);
  return (
    <li className="panel flow-step" data-testid="flow-step" data-node={node.id}>
      <div className="panel-head">
        <h3>
          <code>{node.id}</code> {spec ? spec.title : (node.operation ?? t('flow.data'))}
        </h3>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Trash2 size={14} aria-hidden />}
          onClick={() => onChange(removeNode(flow, node.id))}
          aria-label={t('flow.removeOne', { node: node.id })}
        >
          {t('flow.remove')}
        </Button>
      </div>
      <div className="panel-body stack">
        {problems.length > 0 ? (
          <div role="alert">
            <ul className="flow-problems">
              {problems.map((problem) => (
                <li key={problem.pointer}>
                  <InlineCode text={problem.message} />
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {node.operation === undefined ? (
          <NativeSelect
            label={t('flow.dataset')}
            value={node.dataset?.id ?? ''}
            onChange={(event) => {
              const id = event.currentTarget.value;
              onChange(changeNode(flow, node.id, { dataset: id ? { id } : undefined }));
            }}
            data={[
              { value: '', label: t('form.choose') },
              ...datasets.map(({ id, name }) => ({ value: id, label: name })),
            ]}
          />
        ) : null}
        {spec ? <Inputs {...props} spec={spec} /> : null}
        {spec ? <Params {...props} spec={spec} /> : null}
      </div>
    </li>
  );
}
