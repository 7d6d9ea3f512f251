// The limits that an organization has in place of its plan's, as administrators see, set and clear
// them.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { limitsQuery, pathOfLimits } from '../api/adminQueries';
import { api } from '../api/client';
import type { AdminOrganization, LimitRecord } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { useLimitWords } from '../billing/limitWords';
import { ConfirmButton } from '../parts/ConfirmButton';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';
import { SetLimit } from './SetLimit';

function ClearLimit({ path, name }: { path: string; name: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const clear = useMutation({
    mutationFn: () => api.send('DELETE', path),
    onSuccess: () => {
      say(t('ownLimits.cleared', { limit: name }));
      void client.invalidateQueries({ queryKey: ['people'] });
    },
    onError: sayProblem,
  });
  return (
    <ConfirmButton
      label={t('ownLimits.clear')}
      question={t('ownLimits.clearQuestion', { limit: name })}
      consequence={t('ownLimits.clearText')}
      isBusy={clear.isPending}
      onConfirm={() => clear.mutate()}
      size="compact-sm"
    />
  );
}

/** Until when a limit holds. */
function End({ own }: { own: LimitRecord }) {
  const { t } = useTranslation();
  if (!own.in_force) return <Badge>{t('ownLimits.over')}</Badge>;
  return own.expires_at ? <When at={own.expires_at} /> : t('ownLimits.never');
}

function Limits({ limits, path }: { limits: LimitRecord[]; path: string }) {
  const { t } = useTranslation();
  const { nameOf, tell } = useLimitWords();
  const columns = useMemo(
    (): Column<LimitRecord>[] => [
      {
        id: 'limit',
        title: t('ownLimits.limit'),
        lead: true,
        cell: ({ limit }) => <span title={limit}>{nameOf(limit)}</span>,
      },
      {
        id: 'value',
        title: t('ownLimits.value'),
        numeric: true,
        cell: ({ limit, value }) => tell(limit, value),
      },
      {
        id: 'plan',
        title: t('ownLimits.ofPlan'),
        numeric: true,
        cell: ({ limit, plan_value }) => tell(limit, plan_value),
      },
      { id: 'until', title: t('people.until'), cell: (own) => <End own={own} /> },
      { id: 'reason', title: t('people.reason'), cell: ({ reason }) => reason },
      { id: 'since', title: t('people.since'), cell: ({ set_at }) => <When at={set_at} /> },
      {
        id: 'actions',
        title: t('list.actions'),
        cell: ({ limit }) => (
          <ClearLimit path={`${path}/${encodeURIComponent(limit)}`} name={nameOf(limit)} />
        ),
      },
    ],
    [nameOf, path, t, tell],
  );
  return (
    <DataTable
      label={t('ownLimits.table')}
      columns={columns}
      rows={limits}
      rowKey={({ limit }) => limit}
      rowTestId="own-limit-row"
    />
  );
}

export function AccountLimits({ organization }: { organization: AdminOrganization }) {
  const { t } = useTranslation();
  const limits = useQuery(limitsQuery(organization.id));
  return (
    <Section title={t('ownLimits.of', { name: organization.name })} testId="account-limits">
      <div className="stack">
        {limits.error ? (
          <ProblemAlert error={limits.error} onRetry={() => void limits.refetch()} />
        ) : null}
        {limits.isPending ? <PageSkeleton rows={2} /> : null}
        {limits.data?.length === 0 ? <p className="muted">{t('ownLimits.none')}</p> : null}
        {limits.data && limits.data.length > 0 ? (
          <Limits limits={limits.data} path={pathOfLimits(organization.id)} />
        ) : null}
        <div className="deeds">
          <SetLimit organization={organization} />
        </div>
      </div>
    </Section>
  );
}
