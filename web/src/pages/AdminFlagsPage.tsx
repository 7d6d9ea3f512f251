import { Group, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { FlagForm, pathOf } from '../admin/FlagForm';
import { FlagTrial } from '../admin/FlagTrial';
import { flagsQuery } from '../api/adminQueries';
import { api } from '../api/client';
import type { Flag } from '../api/types';
import { useFormat } from '../app/format';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { When } from '../parts/When';

function useRefresh(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: flagsQuery.queryKey });
}

function KillSwitch({ flag }: { flag: Flag }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const turn = useMutation({
    mutationFn: (enabled: boolean) => {
      const { description, visible, rules, variants, revision } = flag;
      const body = { description, visible, rules, variants, enabled, base_revision: revision };
      return api.send<Flag>('PUT', pathOf(flag.key), { body });
    },
    onSuccess: ({ key, enabled }) =>
      say(t(enabled ? 'flags.turnedOn' : 'flags.turnedOff', { key })),
    onError: sayProblem,
    // Also after a refusal: somebody else may have turned it.
    onSettled: refresh,
  });
  return (
    <Switch
      aria-label={t('flags.turn', { key: flag.key })}
      checked={flag.enabled}
      disabled={turn.isPending}
      onChange={(event) => turn.mutate(event.currentTarget.checked)}
    />
  );
}

function Deeds({ flag }: { flag: Flag }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', pathOf(flag.key)),
    onSuccess: () => say(t('flags.removed', { key: flag.key })),
    onError: sayProblem,
    onSettled: refresh,
  });
  return (
    <Group gap={8}>
      {/* Another revision than the one that was changed: the form begins anew. */}
      <FlagForm key={flag.revision} flag={flag} />
      <FlagTrial flag={flag} />
      <ConfirmButton
        label={t('flags.remove')}
        question={t('flags.removeQuestion', { key: flag.key })}
        consequence={t('flags.removeText')}
        size="compact-sm"
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
      />
    </Group>
  );
}

/** Who has it on, in a word: everybody, a share, or as the rules say. */
function Audience({ flag }: { flag: Flag }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [first, ...others] = flag.rules;
  if (!first) return <>{t('flags.everybody')}</>;
  const isShare = first.on && first.users.length + first.organizations.length === 0;
  if (others.length > 0 || !isShare || first.plans.length > 0 || first.percentage === null) {
    return <>{t('flags.byRules', { rules: format.integer(flag.rules.length) })}</>;
  }
  return <>{format.percent(first.percentage / 100, 2)}</>;
}

function useColumns() {
  const { t } = useTranslation();
  return useMemo(
    (): Column<Flag>[] => [
      {
        id: 'key',
        title: t('flags.key'),
        lead: true,
        cell: (flag) => (
          <>
            <span className="mono">{flag.key}</span>
            {flag.description ? <div className="muted">{flag.description}</div> : null}
          </>
        ),
      },
      { id: 'switch', title: t('flags.enabled'), cell: (flag) => <KillSwitch flag={flag} /> },
      { id: 'who', title: t('flags.who'), cell: (flag) => <Audience flag={flag} /> },
      {
        id: 'variants',
        title: t('flags.variants'),
        minor: true,
        cell: (flag) => flag.variants.map(({ name }) => name).join(', '),
      },
      { id: 'changed', title: t('flags.changed'), cell: (flag) => <When at={flag.updated_at} /> },
      { id: 'deeds', title: '', cell: (flag) => <Deeds flag={flag} /> },
    ],
    [t],
  );
}

export function AdminFlagsPage() {
  const { t } = useTranslation();
  const flags = useQuery(flagsQuery);
  const rows = flags.data?.items;
  const columns = useColumns();
  return (
    <AdminFrame title={t('flags.title')} summary={t('flags.summary')}>
      {flags.error ? (
        <ProblemAlert error={flags.error} onRetry={() => void flags.refetch()} />
      ) : null}
      {flags.isPending ? <PageSkeleton /> : null}
      {rows ? (
        <Section title={t('flags.title')} flush actions={<FlagForm />}>
          {rows.length > 0 ? (
            <DataTable
              label={t('flags.title')}
              columns={columns}
              rows={rows}
              rowKey={(flag) => flag.key}
            />
          ) : (
            <Empty text={t('flags.empty')} />
          )}
        </Section>
      ) : null}
    </AdminFrame>
  );
}
