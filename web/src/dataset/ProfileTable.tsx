// What is in every column, with a small distribution each, and all numbers of one behind its name.

import { TextInput, UnstyledButton } from '@mantine/core';
import { Search } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { ColumnProfile, Profile } from '../api/types';
import { useFormat } from '../app/format';
import type { Format } from '../app/format';
import { Columns } from '../parts/Bars';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { Dialog } from '../parts/Dialog';
import { Badge } from '../parts/StateBadge';
import { ColumnDetails } from './ColumnDetails';

const SEARCH_FROM = 12;
const SHOWN_AT_ONCE = 150;
const SHOWN_LEVELS = 3;

/** The counts that the small chart draws, if the column has any. */
export function deriveCounts(column: ColumnProfile): number[] {
  const { summary } = column;
  if (summary.type === 'numbers' || summary.type === 'dates') return summary.histogram.counts;
  if (summary.type === 'levels') {
    const counts = summary.top.map((level) => level.count);
    return summary.other > 0 ? [...counts, summary.other] : counts;
  }
  return [];
}

export function describe(column: ColumnProfile, format: Format): string {
  const { summary } = column;
  switch (summary.type) {
    case 'numbers':
      return summary.min === null || summary.max === null
        ? ''
        : `${format.number(summary.min)} – ${format.number(summary.max)}`;
    case 'dates':
      return summary.min && summary.max
        ? `${summary.min.slice(0, 10)} – ${summary.max.slice(0, 10)}`
        : '';
    case 'levels':
      return summary.top
        .slice(0, SHOWN_LEVELS)
        .map((level) => level.label)
        .join(', ');
    case 'texts':
      return summary.mean_chars === null ? '' : `∅ ${format.number(summary.mean_chars, 3)}`;
  }
}

const NOTE_KEYS = {
  empty: 'profile.noteEmpty',
  constant: 'profile.noteConstant',
  mostly_missing: 'profile.noteMostlyMissing',
  id_like: 'profile.noteIdLike',
} as const;

const isNote = (note: string): note is keyof typeof NOTE_KEYS => note in NOTE_KEYS;

export function ProfileTable({ profile }: { profile: Profile }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [needle, setNeedle] = useState('');
  const [opened, setOpened] = useState<ColumnProfile | null>(null);
  const found = profile.columns.filter((column) =>
    column.name.toLowerCase().includes(needle.toLowerCase()),
  );
  const columns = useMemo((): Column<ColumnProfile>[] => {
    const share = (column: ColumnProfile) => (profile.rows ? column.missing / profile.rows : 0);
    return [
      {
        id: 'name',
        title: t('profile.column'),
        lead: true,
        sortBy: (column) => column.name.toLowerCase(),
        cell: (column) => (
          <UnstyledButton className="link-button" onClick={() => setOpened(column)}>
            {column.name}
          </UnstyledButton>
        ),
      },
      {
        id: 'kind',
        title: t('profile.kind'),
        sortBy: (column) => column.kind,
        cell: (column) => (
          <span className="kind-cell">
            <Badge>{t(`kind.${column.kind}`)}</Badge>
            {column.notes.filter(isNote).map((note) => (
              <Badge key={note} tone="warn">
                {t(NOTE_KEYS[note])}
              </Badge>
            ))}
          </span>
        ),
      },
      {
        id: 'missing',
        title: t('profile.missing'),
        numeric: true,
        sortBy: (column) => column.missing,
        descFirst: true,
        cell: (column) =>
          column.missing === 0
            ? '0'
            : `${format.integer(column.missing)} (${format.percent(share(column), 1)})`,
      },
      {
        id: 'distinct',
        title: t('profile.distinct'),
        numeric: true,
        sortBy: (column) => column.distinct.value,
        descFirst: true,
        cell: (column) =>
          `${column.distinct.approximate ? '≈ ' : ''}${format.integer(column.distinct.value)}`,
      },
      {
        id: 'distribution',
        title: t('profile.distribution'),
        cell: (column) => {
          const counts = deriveCounts(column);
          if (counts.length === 0) return null;
          return <Columns counts={counts} label={t('profile.chartOf', { column: column.name })} />;
        },
      },
      {
        id: 'range',
        title: t('profile.values'),
        cell: (column) => <span className="clip">{describe(column, format)}</span>,
      },
    ];
  }, [format, profile.rows, t]);

  return (
    <>
      {profile.columns.length >= SEARCH_FROM ? (
        <TextInput
          className="profile-search"
          type="search"
          aria-label={t('profile.search')}
          placeholder={t('profile.search')}
          leftSection={<Search size={16} aria-hidden />}
          value={needle}
          onChange={(event) => setNeedle(event.currentTarget.value)}
        />
      ) : null}
      <DataTable
        label={t('profile.title')}
        testId="dataset-profile"
        columns={columns}
        rows={found.slice(0, SHOWN_AT_ONCE)}
        rowKey={(column) => column.name}
      />
      {found.length > SHOWN_AT_ONCE ? (
        <p className="muted small profile-cut">
          {t('profile.cut', { shown: SHOWN_AT_ONCE, total: format.integer(found.length) })}
        </p>
      ) : null}
      <Dialog
        isOpen={opened !== null}
        onClose={() => setOpened(null)}
        title={opened?.name ?? ''}
        size="lg"
      >
        {opened ? <ColumnDetails column={opened} rows={profile.rows} /> : null}
      </Dialog>
    </>
  );
}
