// A run of a workflow, node by node, while it goes on and afterwards.

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { CircleStop, RotateCw, Trophy } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { isNotFound } from '../api/problem';
import { operationsQuery, workflowRunQuery } from '../api/queries';
import { isFinal } from '../api/types';
import type { Job, WorkflowNode, WorkflowRun, WorkflowRunDetail } from '../api/types';
import { useFormat } from '../app/format';
import { sayProblem } from '../app/toasts';
import { useJobsCostCredits } from '../billing/pricing';
import { FlowPicture } from '../flow/FlowPicture';
import { NodeBadge } from '../flow/NodeBadge';
import { toDefinition } from '../flow/definition';
import '../flow/flow.css';
import { ConfirmButton } from '../parts/ConfirmButton';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { InlineCode } from '../parts/InlineCode';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { ProgressBar } from '../parts/ProgressBar';
import { Empty, Section } from '../parts/Section';
import { StateBadge } from '../parts/StateBadge';

const route = getRouteApi('/workflows/runs/$jobId');

const RUNNING_POLL_MS = 1_000;

function RunActions({ run }: { run: WorkflowRun }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const cancel = useMutation({
    mutationFn: () => api.send<Job>('POST', `/jobs/${run.job_id}/cancel`),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['workflow-run', run.job_id] }),
    onError: sayProblem,
  });
  const again = useMutation({
    mutationFn: () => api.send<Job>('POST', `/workflows/${run.workflow_id}/runs`, { body: {} }),
    onSuccess: (job) => void navigate({ to: '/workflows/runs/$jobId', params: { jobId: job.id } }),
    onError: sayProblem,
  });
  if (!isFinal(run.state)) {
    return (
      <ConfirmButton
        label={t('job.cancel')}
        question={t('job.cancelQuestion')}
        consequence={t('job.cancelText')}
        icon={<CircleStop size={16} aria-hidden />}
        isBusy={cancel.isPending}
        onConfirm={() => cancel.mutate()}
      />
    );
  }
  return (
    <>
      {run.workflow_id ? (
        <Button
          leftSection={<RotateCw size={16} aria-hidden />}
          loading={again.isPending}
          onClick={() => again.mutate()}
          data-testid="flow-again"
        >
          {t('flow.runAgain')}
        </Button>
      ) : null}
      <Button
        variant="default"
        leftSection={<Trophy size={16} aria-hidden />}
        renderRoot={(props) => (
          <Link to="/models/of/$jobId" params={{ jobId: run.job_id }} {...props} />
        )}
      >
        {t('model.compare')}
      </Button>
    </>
  );
}

function Nodes({ nodes }: { nodes: WorkflowNode[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns = useMemo(
    (): Column<WorkflowNode>[] => [
      {
        id: 'node',
        title: t('flow.step'),
        lead: true,
        cell: (node) =>
          node.job_id ? (
            <Link to="/jobs/$jobId" params={{ jobId: node.job_id }}>
              <code>{node.node}</code>
            </Link>
          ) : (
            <code>{node.node}</code>
          ),
      },
      { id: 'state', title: t('job.state'), cell: (node) => <NodeBadge state={node.state} /> },
      {
        id: 'most',
        title: t('flow.most'),
        numeric: true,
        cell: (node) => format.integer(node.max_credits),
      },
      {
        id: 'cost',
        title: t('job.cost'),
        numeric: true,
        cell: (node) => format.integer(node.cost),
      },
      {
        id: 'message',
        title: t('flow.why'),
        cell: (node) => (node.message ? <InlineCode text={node.message} /> : null),
      },
    ],
    [t, format],
  );
  return (
    <DataTable
      label={t('flow.nodes')}
      columns={columns}
      rows={nodes}
      rowKey={(node) => node.node}
      rowTestId="flow-node"
      rowData={(node) => ({ 'data-node': node.node, 'data-state': node.state })}
    />
  );
}

function RunBody({ detail }: { detail: WorkflowRunDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const operations = useQuery(operationsQuery);
  const costs = useJobsCostCredits();
  const { run } = detail;
  const states = Object.fromEntries(detail.nodes.map((node) => [node.node, node.state]));
  return (
    <div className="stack">
      {isFinal(detail.run.state) ? null : (
        <ProgressBar fraction={detail.run.progress} label={t('flow.progress')} />
      )}
      {detail.definition ? (
        <Section title={t('flow.picture')} flush>
          <FlowPicture
            flow={toDefinition(detail.definition)}
            operations={operations.data ?? []}
            states={states}
          />
        </Section>
      ) : null}
      {costs ? (
        <p className="muted" data-testid="flow-cost">
          {t('job.cost')}:{' '}
          {isFinal(run.state)
            ? t('job.costSettled', {
                cost: format.integer(run.cost),
                held: format.integer(run.max_credits),
              })
            : t('job.costHeld', { credits: format.integer(run.max_credits) })}
        </p>
      ) : null}
      <Section title={t('flow.nodes')} flush>
        {detail.nodes.length > 0 ? (
          <Nodes nodes={detail.nodes} />
        ) : (
          <Empty text={t('flow.notBegun')} />
        )}
      </Section>
    </div>
  );
}

export function WorkflowRunPage() {
  const { t } = useTranslation();
  const { jobId } = route.useParams();
  const run = useQuery({
    ...workflowRunQuery(jobId),
    refetchInterval: ({ state }) =>
      state.error || !state.data || isFinal(state.data.run.state) ? false : RUNNING_POLL_MS,
  });
  const parent = { to: '/workflows' as const, label: t('nav.workflows') };
  if (run.error && !run.data) {
    const title = isNotFound(run.error) ? t('flow.runNotFound') : t('flow.runOne');
    return (
      <>
        <PageHeader title={title} parent={parent} />
        <ProblemAlert error={run.error} onRetry={() => void run.refetch()} />
      </>
    );
  }
  if (!run.data) {
    return (
      <>
        <PageHeader title={t('flow.runOne')} parent={parent} />
        <PageSkeleton />
      </>
    );
  }
  const { workflow_id: workflowId, state, message, job_id: id } = run.data.run;
  return (
    <>
      <PageHeader
        title={t('flow.runOne')}
        parent={parent}
        summary={
          <span className="job-summary" aria-live="polite">
            <StateBadge state={state} testId="run-state" />
            {workflowId ? (
              <Link to="/workflows/$workflowId" params={{ workflowId }}>
                {t('flow.one')}
              </Link>
            ) : null}
            <Link to="/jobs/$jobId" params={{ jobId: id }}>
              {t('job.one')}
            </Link>
            {message ? <InlineCode text={message} /> : null}
          </span>
        }
      >
        <RunActions run={run.data.run} />
      </PageHeader>
      <RunBody detail={run.data} />
    </>
  );
}
