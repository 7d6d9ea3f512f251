// A table that sorts in the browser where asked to, and on a phone shows each row as a card. The
// roles are spelled out because a table that is laid out as blocks loses them in some browsers.

import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import type { SortingState } from '@tanstack/react-table';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';

export interface Column<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Makes the column sortable. */
  sortBy?: (row: T) => string | number;
  /** The first click puts the greatest first. */
  descFirst?: boolean;
  numeric?: boolean;
  /** Left out on a phone. */
  minor?: boolean;
  /** On a phone: the card's first line, without the column's title. */
  lead?: boolean;
}

export interface DataTableProps<T> {
  /** Names the table for those who cannot see where it stands. */
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  rowTestId?: string;
  rowData?: (row: T) => Record<`data-${string}`, string>;
  testId?: string;
  sortedBy?: { id: string; desc: boolean };
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns,
});

const NO_SORTING: SortingState = [];

export function DataTable<T extends object>(props: DataTableProps<T>) {
  const { label, columns, rows, rowKey, rowTestId, rowData, testId, sortedBy } = props;
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, T>();
    return helper.columns(
      columns.map((column) =>
        helper.accessor((row) => column.sortBy?.(row) ?? '', {
          id: column.id,
          header: column.title,
          enableSorting: Boolean(column.sortBy),
          sortDescFirst: Boolean(column.descFirst),
          sortUndefined: 'last',
        }),
      ),
    );
  }, [columns]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowKey,
    initialState: { sorting: sortedBy ? [sortedBy] : NO_SORTING },
  });
  const byId = new Map(columns.map((column) => [column.id, column]));

  return (
    <div className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      <table className="table" role="table" data-testid={testId} aria-label={label}>
        <thead role="rowgroup">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} role="row">
              {group.headers.map((header) => {
                const column = byId.get(header.id);
                const direction = header.column.getIsSorted();
                const sort = direction === 'asc' ? 'ascending' : 'descending';
                return (
                  <th
                    key={header.id}
                    role="columnheader"
                    scope="col"
                    className={column?.numeric ? 'numeric' : undefined}
                    aria-sort={direction ? sort : undefined}
                  >
                    {column?.sortBy ? (
                      <button
                        type="button"
                        className="table-sort"
                        onClick={header.column.getToggleSortingHandler()}
                      >
                        {column.title}
                        {direction === 'asc' ? <ArrowUp size={12} aria-hidden /> : null}
                        {direction === 'desc' ? <ArrowDown size={12} aria-hidden /> : null}
                      </button>
                    ) : (
                      column?.title
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody role="rowgroup">
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id} role="row" data-testid={rowTestId} {...rowData?.(row.original)}>
              {columns.map((column) => (
                <td
                  key={column.id}
                  role="cell"
                  data-title={column.lead ? undefined : column.title}
                  className={[
                    column.numeric ? 'numeric' : '',
                    column.lead ? 'lead' : '',
                    column.minor ? 'minor' : '',
                  ]
                    .join(' ')
                    .trim()}
                >
                  {column.cell(row.original)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
