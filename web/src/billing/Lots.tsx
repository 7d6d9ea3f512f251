// What can be spent, by when it expires: in the order in which jobs spend it.

import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { lotsQuery } from '../api/queries';
import type { Lot } from '../api/types';
import { useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { When } from '../parts/When';

/** Nothing where nothing expires: the balance says all then. */
export function Lots() {
  const { t } = useTranslation();
  const format = useFormat();
  const lots = useInfiniteQuery(lotsQuery);
  const rows = lots.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useMemo(
    (): Column<Lot>[] => [
      {
        id: 'source',
        title: t('lots.source'),
        lead: true,
        cell: (lot) => t(`lots.sources.${lot.source}`),
      },
      {
        id: 'left',
        title: t('lots.left'),
        numeric: true,
        cell: (lot) => format.integer(lot.left),
      },
      {
        id: 'granted',
        title: t('lots.granted'),
        numeric: true,
        minor: true,
        cell: (lot) => format.integer(lot.granted),
      },
      {
        id: 'expires',
        title: t('lots.expires'),
        cell: (lot) => (lot.expires_at ? <When at={lot.expires_at} /> : t('lots.never')),
      },
      { id: 'at', title: t('lots.at'), minor: true, cell: (lot) => <When at={lot.created_at} /> },
    ],
    [format, t],
  );
  if (lots.error) {
    return <ProblemAlert error={lots.error} onRetry={() => void lots.refetch()} />;
  }
  // What never expires is last, so that the first one tells whether anything does.
  if (!rows[0]?.expires_at) return null;
  return (
    <Section title={t('lots.title')} flush testId="lots">
      <DataTable label={t('lots.title')} columns={columns} rows={rows} rowKey={(lot) => lot.id} />
      <MoreButton {...lots} />
    </Section>
  );
}
