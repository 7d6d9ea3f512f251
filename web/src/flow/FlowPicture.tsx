// A workflow as a picture: columns from left to right, an arrow for every edge. Everything that it
// says stands in the list of steps as well, so it is one image to those who cannot see it.

import { useTranslation } from 'react-i18next';

import type { OperationSpec } from '../api/types';
import { describeNode, layoutColumns, nodeOf } from './definition';
import type { FlowDefinition } from './definition';

const WIDTH = 168;
const HEIGHT = 44;
const GAP_X = 56;
const GAP_Y = 16;
const MARGIN = 8;
const LONGEST = 22;

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

export interface FlowPictureProps {
  flow: FlowDefinition;
  operations: OperationSpec[];
  /** The state of each node by its name, for its colour. */
  states?: Record<string, string>;
}

export function FlowPicture({ flow, operations, states = {} }: FlowPictureProps) {
  const { t } = useTranslation();
  const columns = layoutColumns(flow);
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const places = new Map<string, { x: number; y: number }>();
  columns.forEach((column, across) => {
    const top = ((rows - column.length) * (HEIGHT + GAP_Y)) / 2;
    column.forEach((node, down) => {
      const x = MARGIN + across * (WIDTH + GAP_X);
      places.set(node.id, { x, y: MARGIN + top + down * (HEIGHT + GAP_Y) });
    });
  });
  const width = 2 * MARGIN + columns.length * (WIDTH + GAP_X) - GAP_X;
  const height = 2 * MARGIN + rows * (HEIGHT + GAP_Y) - GAP_Y;
  if (flow.nodes.length === 0) return null;
  return (
    <div className="flow-scroll" role="group" aria-label={t('flow.picture')} tabIndex={0}>
      <svg
        role="img"
        aria-label={t('flow.pictureText', { nodes: flow.nodes.length, edges: flow.edges.length })}
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
      >
        <defs>
          <marker
            id="flow-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" className="flow-arrow" />
          </marker>
        </defs>
        {flow.edges.map(({ from, to }, index) => {
          const start = places.get(nodeOf(from));
          const end = places.get(nodeOf(to));
          if (!start || !end) return null;
          const x = start.x + WIDTH;
          const y = start.y + HEIGHT / 2;
          const endY = end.y + HEIGHT / 2;
          const bend = Math.max(24, Math.abs(end.x - x) / 2);
          const path = `M${x} ${y}C${x + bend} ${y} ${end.x - bend} ${endY} ${end.x} ${endY}`;
          return <path key={index} d={path} className="flow-edge" markerEnd="url(#flow-arrow)" />;
        })}
        {flow.nodes.map((node, index) => {
          const place = places.get(node.id) ?? { x: 0, y: 0 };
          const kind = node.operation ? 'operation' : 'data';
          return (
            <g
              key={index}
              transform={`translate(${place.x} ${place.y})`}
              className="flow-box"
              data-kind={kind}
              data-state={states[node.id]}
            >
              <rect width={WIDTH} height={HEIGHT} rx={8} />
              <text x={12} y={19} className="flow-name">
                {cut(node.id)}
              </text>
              <text x={12} y={35} className="flow-what">
                {cut(node.operation ? describeNode(node, operations) : t('flow.data'))}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
