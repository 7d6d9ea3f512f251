// What reports say of models, in one shape. A training names its best learner, the metric and the
// score; other operations may say a score alone.

import type { JsonObject, JsonValue, ModelComparison } from '../api/types';
import { modelName } from './modelName';

export interface ComparedRow {
  id: string;
  name: string;
  algorithm: string | null;
  metric: string | null;
  score: number | null;
  createdAt: string;
}

const text = (value: JsonValue | undefined) => (typeof value === 'string' ? value : null);
const number = (value: JsonValue | undefined) => (typeof value === 'number' ? value : null);
const object = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

export function compareRows(models: ModelComparison['models']): ComparedRow[] {
  return models.map(({ model, report }) => {
    const said = report ?? {};
    const best = object(said.best);
    return {
      id: model.id,
      name: modelName(model),
      algorithm: text(best.model),
      metric: text(said.metric),
      score: number(best.score) ?? number(said.score),
      createdAt: model.created_at,
    };
  });
}
