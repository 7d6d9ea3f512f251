// What was asked of language models, by model.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import type { ModelUse } from '../api/types';
import { useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';

type Count = 'requests' | 'unpriced_requests' | 'input_tokens' | 'output_tokens';

const ASKED: readonly Count[] = ['requests', 'input_tokens', 'output_tokens'];
const ASKED_AND_PRICED: readonly Count[] = [
  'requests',
  'unpriced_requests',
  'input_tokens',
  'output_tokens',
];

export interface ModelTableProps {
  models: ModelUse[];
  /** With what they cost the operator, which is no price for whoever asked. */
  tellsCost?: boolean;
}

export function ModelTable({ models, tellsCost = false }: ModelTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns = useMemo((): Column<ModelUse>[] => {
    const counts = tellsCost ? ASKED_AND_PRICED : ASKED;
    const cost: Column<ModelUse> = {
      id: 'cost',
      title: t('costs.cost'),
      numeric: true,
      descFirst: true,
      sortBy: ({ exact_cost }) => Number(exact_cost),
      cell: ({ exact_cost, cost: { currency } }) => `${exact_cost} ${currency}`,
    };
    return [
      {
        id: 'model',
        title: t('costs.model'),
        lead: true,
        sortBy: ({ model }) => model,
        cell: ({ model }) => model,
      },
      ...counts.map((name) => ({
        id: name,
        title: t(`costs.${name}`),
        numeric: true,
        descFirst: true,
        sortBy: (row: ModelUse) => row[name],
        cell: (row: ModelUse) => format.integer(row[name]),
      })),
      ...(tellsCost ? [cost] : []),
    ];
  }, [format, t, tellsCost]);
  return (
    <DataTable
      label={t('costs.byModel')}
      columns={columns}
      rows={models}
      rowKey={({ model, cost }) => `${model} ${cost.currency}`}
      sortedBy={{ id: tellsCost ? 'cost' : 'requests', desc: true }}
    />
  );
}
