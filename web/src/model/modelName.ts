import type { Model } from '../api/types';

/** Name and version, or the label or file of a model that has no name yet. */
export function modelName(model: Model): string {
  if (model.name !== null) return `${model.name} v${model.version ?? 1}`;
  return `${model.label ?? model.operation} · ${model.file_name}`;
}
