// Measurements of one kind belong into one picture: `forest.roc_auc` and `linear.roc_auc` are two
// lines of `roc_auc`.

export type Points = [number, number][];

export interface MetricGroup {
  /** What is measured. */
  name: string;
  series: { name: string; points: Points }[];
}

export function groupMetrics(metrics: Record<string, Points>): MetricGroup[] {
  const groups = new Map<string, MetricGroup>();
  for (const [full, points] of Object.entries(metrics)) {
    const dot = full.lastIndexOf('.');
    const name = full.slice(dot + 1);
    const group = groups.get(name) ?? { name, series: [] };
    group.series.push({ name: dot > 0 ? full.slice(0, dot) : name, points });
    groups.set(name, group);
  }
  return [...groups.values()];
}
