import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { OrganizationDeeds } from '../admin/OrganizationDeeds';
import { OwnLimits } from '../admin/OwnLimits';
import { PersonBadge } from '../admin/PersonBadge';
import { RestrictPerson, nameOf } from '../admin/RestrictPerson';
import { personQuery } from '../api/adminQueries';
import type { AdminOrganization, AdminUser } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { Copyable } from '../parts/Copyable';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Facts, Section } from '../parts/Section';
import { When } from '../parts/When';

const route = getRouteApi('/admin/people/$userId');

function Restriction({ restriction }: { restriction: NonNullable<AdminUser['restriction']> }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Alert className="notice" data-testid="restriction">
      <p>{restriction.reason}</p>
      <p className="small">
        {t('people.since')} <When at={restriction.at} />
        {restriction.until
          ? ` · ${t('people.endsAt', { time: format.time(restriction.until) })}`
          : null}
      </p>
    </Alert>
  );
}

function Person({ person }: { person: AdminUser }) {
  const { t } = useTranslation();
  const yesOrNo = (is: boolean) => t(is ? 'value.yes' : 'value.no');
  const none = t('value.none');
  return (
    <Section title={t('people.person')} testId="person">
      <div className="stack">
        {person.restriction ? <Restriction restriction={person.restriction} /> : null}
        <Facts
          facts={[
            { label: t('people.state'), value: <PersonBadge status={person.status} /> },
            { label: t('account.email'), value: person.email || none },
            { label: t('people.verified'), value: yesOrNo(person.email_verified) },
            { label: t('people.administrator'), value: yesOrNo(person.administrator) },
            { label: t('people.created'), value: <When at={person.created_at} /> },
            {
              label: t('people.seen'),
              value: person.last_seen_at ? <When at={person.last_seen_at} /> : none,
            },
            {
              label: t('people.id'),
              value: (
                <Copyable
                  text={person.id}
                  label={t('people.id')}
                  short={`${person.id.slice(0, 8)}…`}
                />
              ),
            },
          ]}
        />
        <RestrictPerson person={person} />
      </div>
    </Section>
  );
}

function Organization({ found }: { found: AdminOrganization }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Section title={found.name} testId="organization">
      <div className="stack">
        <Facts
          facts={[
            { label: t('account.role'), value: t(`memberRole.${found.role}`) },
            { label: t('people.plan'), value: humanize(found.plan) },
            { label: t('account.available'), value: format.integer(found.credits.available) },
            { label: t('account.held'), value: format.integer(found.credits.held) },
          ]}
        />
        <OrganizationDeeds organization={found} />
        <OwnLimits organization={found} />
      </div>
    </Section>
  );
}

export function AdminPersonPage() {
  const { t } = useTranslation();
  const { userId } = route.useParams();
  const person = useQuery(personQuery(userId));
  const title = (person.data && nameOf(person.data)) || t('people.person');
  return (
    <AdminFrame title={title} summary={person.data?.email}>
      {person.error ? (
        <ProblemAlert error={person.error} onRetry={() => void person.refetch()} />
      ) : null}
      {person.isPending ? <PageSkeleton /> : null}
      {person.data ? <Person person={person.data} /> : null}
      {person.data?.organizations.map((found) => (
        <Organization key={found.id} found={found} />
      ))}
    </AdminFrame>
  );
}
