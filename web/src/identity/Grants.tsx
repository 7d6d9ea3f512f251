import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { grantsQuery } from '../api/queries';
import type { Grant } from '../api/types';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Empty, Section } from '../parts/Section';
import { Badge } from '../parts/StateBadge';
import { When } from '../parts/When';
import './identity.css';

function GrantRow({ grant }: { grant: Grant }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => api.send('DELETE', `/account/grants/${grant.client_id}`),
    onSuccess: () => {
      say(t('grants.withdrawn', { name: grant.client_name }));
      void client.invalidateQueries({ queryKey: grantsQuery.queryKey });
    },
    onError: sayProblem,
  });
  return (
    <li className="identity-way" data-testid="grant-row">
      <div>
        <strong>{grant.client_name}</strong>
        <p className="muted small">
          {t('grants.in', { organization: grant.organization_name })}{' '}
          {grant.scopes.map((scope) => (
            <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
          ))}
        </p>
        <p className="muted small">
          {t('keys.used')} <When at={grant.renewed_at} />
        </p>
      </div>
      <ConfirmButton
        label={t('grants.withdraw')}
        question={t('grants.withdrawQuestion', { name: grant.client_name })}
        consequence={t('grants.withdrawText')}
        isBusy={withdraw.isPending}
        onConfirm={() => withdraw.mutate()}
        size="compact-sm"
      />
    </li>
  );
}

/** Programs of others that act for the person. */
export function Grants() {
  const { t } = useTranslation();
  const grants = useQuery(grantsQuery);
  return (
    <Section title={t('grants.title')} testId="grants">
      {grants.error ? <ProblemAlert error={grants.error} /> : null}
      {grants.data?.length === 0 ? <Empty text={t('grants.empty')} /> : null}
      {grants.data && grants.data.length > 0 ? (
        <ul className="identity-ways">
          {grants.data.map((grant) => (
            <GrantRow key={`${grant.client_id} ${grant.organization_id}`} grant={grant} />
          ))}
        </ul>
      ) : null}
    </Section>
  );
}
