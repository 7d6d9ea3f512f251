import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { membersQuery } from '../api/queries';
import type { Roster } from '../api/types';
import { useMe } from '../app/me';
import { InvitationTable, InviteForm, MemberTable } from '../identity/Members';
import { NetworksPanel, OrganizationPanel } from '../identity/Organizations';
import '../identity/identity.css';
import { PageHeader } from '../parts/PageHeader';
import { PageSkeleton } from '../parts/PageSkeleton';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';

function RosterPanels({ roster }: { roster: Roster }) {
  const { t } = useTranslation();
  return (
    <div className="stack">
      <Section title={t('members.title')} flush>
        <MemberTable members={roster.members} />
      </Section>
      {roster.invitations.length > 0 ? (
        <Section title={t('members.invitations')} flush>
          <InvitationTable invitations={roster.invitations} />
        </Section>
      ) : null}
      <div className="identity-grid">
        <InviteForm roster={roster} />
        <OrganizationPanel />
        <NetworksPanel />
      </div>
    </div>
  );
}

function ManagedMembers() {
  const roster = useQuery(membersQuery);
  if (roster.error) {
    return <ProblemAlert error={roster.error} onRetry={() => void roster.refetch()} />;
  }
  return roster.data ? <RosterPanels roster={roster.data} /> : <PageSkeleton />;
}

/** Who works here, and where else the person works. */
export function MembersPage() {
  const { t } = useTranslation();
  const { organization } = useMe();
  const manages = organization.role === 'owner' || organization.role === 'admin';
  return (
    <>
      <PageHeader title={t('nav.members')} summary={t('members.summary')} />
      {manages ? <ManagedMembers /> : <OrganizationPanel />}
    </>
  );
}
