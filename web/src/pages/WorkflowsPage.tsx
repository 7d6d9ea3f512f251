import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { CirclePlus } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { workflowsQuery } from '../api/queries';
import type { Workflow } from '../api/types';
import { sayProblem } from '../app/toasts';
import { EMPTY_FLOW, toDefinition } from '../flow/definition';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';

function NewWorkflow() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () =>
      api.send<Workflow>('POST', '/workflows', {
        body: { name: t('flow.unnamed'), definition: EMPTY_FLOW },
      }),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['workflows'] });
      void navigate({ to: '/workflows/$workflowId', params: { workflowId: made.id } });
    },
    onError: sayProblem,
  });
  return (
    <Button
      leftSection={<CirclePlus size={16} aria-hidden />}
      loading={create.isPending}
      onClick={() => create.mutate()}
      data-testid="new-workflow"
    >
      {t('flow.new')}
    </Button>
  );
}

export function WorkflowsPage() {
  const { t } = useTranslation();
  const workflows = useInfiniteQuery(workflowsQuery);
  const rows = workflows.data?.pages.flatMap((page) => page.items);
  const columns = useMemo(
    (): Column<Workflow>[] => [
      {
        id: 'name',
        title: t('flow.name'),
        lead: true,
        cell: ({ id, name }) => (
          <Link to="/workflows/$workflowId" params={{ workflowId: id }}>
            {name}
          </Link>
        ),
      },
      {
        id: 'state',
        title: t('job.state'),
        cell: ({ problems }) =>
          problems.length === 0 ? (
            <Badge tone="good">{t('flow.sound')}</Badge>
          ) : (
            <Badge tone="warn">{t('flow.toMend', { count: problems.length })}</Badge>
          ),
      },
      {
        id: 'steps',
        title: t('flow.steps'),
        numeric: true,
        cell: ({ definition }) => toDefinition(definition).nodes.length,
      },
      { id: 'revision', title: t('flow.revision'), numeric: true, cell: (flow) => flow.revision },
      { id: 'changed', title: t('flow.changed'), cell: (flow) => <When at={flow.changed_at} /> },
    ],
    [t],
  );
  return (
    <>
      <PageHeader title={t('nav.workflows')} summary={t('flow.summary')}>
        <NewWorkflow />
      </PageHeader>
      {workflows.error ? (
        <ProblemAlert error={workflows.error} onRetry={() => void workflows.refetch()} />
      ) : null}
      {workflows.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <div className="panel">
          {rows.length > 0 ? (
            <>
              <DataTable
                label={t('nav.workflows')}
                columns={columns}
                rows={rows}
                rowKey={(workflow) => workflow.id}
                rowTestId="workflow-row"
              />
              <MoreButton {...workflows} />
            </>
          ) : (
            <Empty text={t('flow.empty')} />
          )}
        </div>
      ) : null}
    </>
  );
}
