import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { PersonBadge } from '../admin/PersonBadge';
import { nameOf } from '../admin/RestrictPerson';
import { peopleQuery } from '../api/adminQueries';
import type { PersonFilters } from '../api/adminQueries';
import { PERSON_STATES } from '../api/types';
import type { AdminUser } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { MoreButton } from '../parts/MoreButton';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';

const TYPING_MS = 300;

const route = getRouteApi('/admin/people');

function Filters({ filters }: { filters: PersonFilters }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const change = (part: PersonFilters) =>
    void navigate({
      search: (before) => ({
        q: (part.q ?? before.q) || undefined,
        status: (part.status ?? before.status) || undefined,
      }),
      replace: true,
    });
  const search = useDebouncedCallback((q: string) => change({ q }), TYPING_MS);
  return (
    <div className="filters" role="search" aria-label={t('people.filter')}>
      <TextInput
        type="search"
        label={t('people.search')}
        leftSection={<Search size={16} aria-hidden />}
        defaultValue={filters.q ?? ''}
        onChange={(event) => search(event.currentTarget.value)}
      />
      <NativeSelect
        label={t('people.state')}
        value={filters.status ?? ''}
        onChange={(event) => change({ status: event.currentTarget.value })}
        data={[
          { value: '', label: t('people.anyState') },
          ...PERSON_STATES.map((status) => ({
            value: status,
            label: t(`people.status.${status}`),
          })),
        ]}
      />
    </div>
  );
}

function useColumns() {
  const { t } = useTranslation();
  const format = useFormat();
  return useMemo(
    (): Column<AdminUser>[] => [
      {
        id: 'name',
        title: t('account.name'),
        lead: true,
        cell: (person) => (
          <Link to="/admin/people/$userId" params={{ userId: person.id }}>
            {nameOf(person) || t('people.status.erased')}
          </Link>
        ),
      },
      { id: 'email', title: t('account.email'), cell: (person) => person.email },
      {
        id: 'status',
        title: t('people.state'),
        cell: (person) => <PersonBadge status={person.status} />,
      },
      {
        id: 'plan',
        title: t('people.plan'),
        cell: ({ organization }) => (organization ? humanize(organization.plan) : null),
      },
      {
        id: 'credits',
        title: t('account.credits'),
        numeric: true,
        cell: ({ organization }) =>
          organization ? format.integer(organization.credits.available) : null,
      },
      {
        id: 'created',
        title: t('people.created'),
        minor: true,
        cell: (person) => <When at={person.created_at} />,
      },
      {
        id: 'seen',
        title: t('people.seen'),
        cell: (person) => (person.last_seen_at ? <When at={person.last_seen_at} /> : null),
      },
    ],
    [format, t],
  );
}

export function AdminPeoplePage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const people = useInfiniteQuery({ ...peopleQuery(filters), placeholderData: keepPreviousData });
  const rows = people.data?.pages.flatMap((page) => page.items);
  const columns = useColumns();
  return (
    <AdminFrame title={t('people.title')} summary={t('people.summary')}>
      <Filters filters={filters} />
      {people.error ? (
        <ProblemAlert error={people.error} onRetry={() => void people.refetch()} />
      ) : null}
      {people.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <Section title={t('people.title')} flush>
          {rows.length > 0 ? (
            <>
              <DataTable
                label={t('people.title')}
                columns={columns}
                rows={rows}
                rowKey={(person) => person.id}
                rowTestId="person-row"
              />
              <MoreButton {...people} />
            </>
          ) : (
            <Empty text={t('people.noMatch')} />
          )}
        </Section>
      ) : null}
    </AdminFrame>
  );
}
