// Every read of the API that tells of trained models.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { api } from './client';
import { PAGE } from './queries';
import type { Artifact, Model, ModelComparison, ModelMetrics, Page } from './types';

export interface ModelFilters {
  tag?: string;
  operation?: string;
  name?: string;
  job?: string;
}

export const modelsQuery = (filters: ModelFilters) =>
  infiniteQueryOptions({
    queryKey: ['models', filters],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Model>>('/models', { ...filters, cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['model', id],
    queryFn: ({ signal }) => api.get<Model>(`/models/${id}`, {}, signal),
  });

export const modelMetricsQuery = (id: string) =>
  queryOptions({
    queryKey: ['model', id, 'metrics'],
    queryFn: ({ signal }) => api.get<ModelMetrics>(`/models/${id}/metrics`, {}, signal),
  });

export const modelPlotsQuery = (id: string) =>
  queryOptions({
    queryKey: ['model', id, 'plots'],
    queryFn: async ({ signal }) =>
      (await api.get<{ items: Artifact[] }>(`/models/${id}/plots`, {}, signal)).items,
  });

export const comparisonQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['job', jobId, 'models'],
    queryFn: ({ signal }) => api.get<ModelComparison>(`/jobs/${jobId}/models/compare`, {}, signal),
  });
