// What can be done to a workflow: save, run, copy, delete. A run saves first, so that what runs is
// what is seen.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Job, Workflow } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import type { FlowDefinition } from './definition';

export function useWorkflowDeeds(
  workflow: Workflow,
  { name, definition }: { name: string; definition: FlowDefinition },
) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = `/workflows/${workflow.id}`;
  const keep = async () => {
    const body = { name, definition, base_revision: workflow.revision };
    const kept = await api.send<Workflow>('PUT', path, { body });
    client.setQueryData(['workflow', workflow.id], kept);
    void client.invalidateQueries({ queryKey: ['workflows'] });
  };
  const save = useMutation({
    mutationFn: keep,
    onSuccess: () => say(t('flow.saved')),
    onError: sayProblem,
  });
  const run = useMutation({
    mutationFn: async () => {
      await keep();
      return api.send<Job>('POST', `${path}/runs`, { body: {} });
    },
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ['workflow-runs', workflow.id] });
      void navigate({ to: '/workflows/runs/$jobId', params: { jobId: job.id } });
    },
    onError: sayProblem,
  });
  const duplicate = useMutation({
    mutationFn: () => api.send<Workflow>('POST', `${path}/duplicate`, { body: {} }),
    onSuccess: (copy) => {
      void client.invalidateQueries({ queryKey: ['workflows'] });
      void navigate({ to: '/workflows/$workflowId', params: { workflowId: copy.id } });
    },
    onError: sayProblem,
  });
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', path),
    onSuccess: async () => {
      say(t('flow.deleted', { name: workflow.name }));
      await navigate({ to: '/workflows' });
      void client.invalidateQueries({ queryKey: ['workflows'] });
    },
    onError: sayProblem,
  });
  return { save, run, duplicate, remove };
}
