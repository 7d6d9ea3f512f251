// A workflow: its name, its steps as a list or as text, the picture, and its runs.

import { getRouteApi } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { isNotFound } from '../api/problem';
import { workflowQuery } from '../api/queries';
import { WorkflowEditor } from '../flow/WorkflowEditor';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';

const route = getRouteApi('/workflows/$workflowId');

export function WorkflowPage() {
  const { t } = useTranslation();
  const { workflowId } = route.useParams();
  const workflow = useQuery(workflowQuery(workflowId));
  const parent = { to: '/workflows' as const, label: t('nav.workflows') };
  if (workflow.error) {
    const title = isNotFound(workflow.error) ? t('flow.notFound') : t('flow.one');
    return (
      <>
        <PageHeader title={title} parent={parent} />
        <ProblemAlert error={workflow.error} onRetry={() => void workflow.refetch()} />
      </>
    );
  }
  if (!workflow.data) {
    return (
      <>
        <PageHeader title={t('flow.one')} parent={parent} />
        <PageSkeleton />
      </>
    );
  }
  return <WorkflowEditor key={workflowId} workflow={workflow.data} />;
}
