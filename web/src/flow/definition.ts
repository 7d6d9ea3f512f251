// What a workflow says, read from JSON and changed step by step. Nothing here checks whether it can
// run: the server does, with the same words for everybody.

import type { InputSlot, JsonObject, JsonValue, OperationSpec } from '../api/types';

export interface FlowNode {
  id: string;
  title?: string;
  operation?: string;
  params?: JsonObject;
  inputs?: JsonObject;
  dataset?: { id: string; version?: number };
  artifact?: { id: string };
  file?: string;
}

export interface FlowEdge {
  from: string;
  to: string;
}

export interface FlowDefinition {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

export const EMPTY_FLOW: FlowDefinition = { nodes: [], edges: [] };

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the server keeps beside nodes and edges is its own, and left out. */
export function toDefinition(value: JsonObject): FlowDefinition {
  const list = (items: JsonValue | undefined) => (Array.isArray(items) ? items : []);
  const nodes = list(value.nodes).filter(isObject) as unknown as FlowNode[];
  const edges = list(value.edges).filter(isObject) as unknown as FlowEdge[];
  return { nodes, edges };
}

/** Reads the text view; `null` while it is no JSON object. */
export function readText(text: string): FlowDefinition | null {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isObject(value) ? toDefinition(value) : null;
  } catch {
    return null;
  }
}

export const writeText = (flow: FlowDefinition): string => JSON.stringify(flow, null, 2);

/** The node that an end of an edge names. */
export const nodeOf = (port: string): string => port.split('.', 1)[0] ?? port;

/** The input or output that an end of an edge names, if it names one. */
export const portOf = (port: string): string | null => {
  const dot = port.indexOf('.');
  return dot < 0 ? null : port.slice(dot + 1);
};

/** A name like `train`, or `train-2` where that is taken. */
export function deriveId(flow: FlowDefinition, wanted: string): string {
  const plain = wanted.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 48) || 'step';
  const taken = new Set(flow.nodes.map((node) => node.id));
  if (!taken.has(plain)) return plain;
  let number = 2;
  while (taken.has(`${plain}-${number}`)) number += 1;
  return `${plain}-${number}`;
}

export function addNode(flow: FlowDefinition, node: Omit<FlowNode, 'id'>): FlowDefinition {
  const wanted = node.operation?.split('.').pop() ?? 'data';
  return { ...flow, nodes: [...flow.nodes, { id: deriveId(flow, wanted), ...node }] };
}

export function removeNode(flow: FlowDefinition, id: string): FlowDefinition {
  return {
    nodes: flow.nodes.filter((node) => node.id !== id),
    edges: flow.edges.filter(({ from, to }) => nodeOf(from) !== id && nodeOf(to) !== id),
  };
}

export function changeNode(flow: FlowDefinition, id: string, part: Partial<FlowNode>) {
  const change = (node: FlowNode) => (node.id === id ? { ...node, ...part } : node);
  return { ...flow, nodes: flow.nodes.map(change) };
}

/** The edge that fills an input, also where its name was left out. */
export function findEdge(flow: FlowDefinition, id: string, slot: InputSlot, isOnly: boolean) {
  const named = flow.edges.find(({ to }) => nodeOf(to) === id && portOf(to) === slot.name);
  return named ?? (isOnly ? flow.edges.find(({ to }) => to === id) : undefined);
}

/** Fills an input from a node or `node.output`; an empty text empties it. */
export function connect(flow: FlowDefinition, id: string, slot: InputSlot, from: string) {
  const keeps = ({ to }: FlowEdge) =>
    !(nodeOf(to) === id && (portOf(to) ?? slot.name) === slot.name);
  const edges = flow.edges.filter(keeps);
  return { ...flow, edges: from ? [...edges, { from, to: `${id}.${slot.name}` }] : edges };
}

/** What may fill an input: data, and what other operations leave. */
export function listSources(flow: FlowDefinition, id: string, slot: InputSlot): string[] {
  const role = slot.kind === 'file' ? null : slot.kind;
  return flow.nodes
    .filter((node) => node.id !== id)
    .flatMap((node) => (node.operation && role ? [`${node.id}.${role}`] : [node.id]));
}

/** Nodes in columns: each right of all that it reads from; what stands in a circle comes last. */
export function layoutColumns(flow: FlowDefinition): FlowNode[][] {
  const known = new Set(flow.nodes.map((node) => node.id));
  const placed = new Map<string, number>();
  const sources = (id: string) =>
    flow.edges.filter(({ to }) => nodeOf(to) === id).map(({ from }) => nodeOf(from));
  let column = 0;
  let left = flow.nodes;
  while (left.length > 0) {
    const ready = left.filter((node) =>
      sources(node.id).every((id) => placed.has(id) || !known.has(id)),
    );
    const now = ready.length > 0 ? ready : left;
    for (const node of now) placed.set(node.id, column);
    left = left.filter((node) => !now.includes(node));
    column += 1;
  }
  return Array.from({ length: column }, (_, at) =>
    flow.nodes.filter((node) => placed.get(node.id) === at),
  );
}

export function describeNode(node: FlowNode, operations: OperationSpec[]): string {
  if (node.title) return node.title;
  if (!node.operation) return node.id;
  return operations.find(({ id }) => id === node.operation)?.title ?? node.operation;
}
