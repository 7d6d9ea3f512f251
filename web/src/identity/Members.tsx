import { Button, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { ROLES } from '../api/types';
import type { Invitation, Member, Role, Roster } from '../api/types';
import { useMe } from '../app/me';
import { say, sayProblem } from '../app/toasts';
import { ConfirmButton } from '../parts/ConfirmButton';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { When } from '../parts/When';

const MEMBERS = { queryKey: ['members'] };

/** Roles that the person may give: only owners make owners. */
function useRoles(): { value: Role; label: string }[] {
  const { t } = useTranslation();
  const me = useMe();
  const given = ROLES.filter((role) => role !== 'owner' || me.organization.role === 'owner');
  return given.map((value) => ({ value, label: t(`memberRole.${value}`) }));
}

function RoleChoice({ member }: { member: Member }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const roles = useRoles();
  const change = useMutation({
    mutationFn: (role: Role) => api.send('PATCH', `/members/${member.user_id}`, { body: { role } }),
    onSuccess: () => say(t('members.changed', { name: member.name })),
    onError: sayProblem,
    onSettled: () => client.invalidateQueries(MEMBERS),
  });
  if (!roles.some(({ value }) => value === member.role)) {
    return <>{t(`memberRole.${member.role}`)}</>;
  }
  return (
    <NativeSelect
      size="xs"
      aria-label={t('members.roleOf', { name: member.name })}
      value={member.role}
      disabled={change.isPending}
      onChange={(event) => change.mutate(event.currentTarget.value as Role)}
      data={roles}
    />
  );
}

function RemoveMember({ member }: { member: Member }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMe();
  const remove = useMutation({
    mutationFn: () => api.send('DELETE', `/members/${member.user_id}`),
    onSuccess: () => say(t('members.removed', { name: member.name })),
    onError: sayProblem,
    onSettled: () => client.invalidateQueries(MEMBERS),
  });
  if (member.personal || member.user_id === me.user.id) return null;
  return (
    <ConfirmButton
      label={t('members.remove')}
      question={t('members.removeQuestion', { name: member.name })}
      consequence={t('members.removeText')}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      size="compact-sm"
    />
  );
}

/** Everybody who belongs to the organization. */
export function MemberTable({ members }: { members: Member[] }) {
  const { t } = useTranslation();
  const columns = useMemo(
    (): Column<Member>[] => [
      { id: 'name', title: t('members.name'), lead: true, cell: (member) => member.name },
      { id: 'email', title: t('members.email'), cell: (member) => member.email },
      { id: 'role', title: t('members.role'), cell: (member) => <RoleChoice member={member} /> },
      {
        id: 'actions',
        title: t('list.actions'),
        cell: (member) => <RemoveMember member={member} />,
      },
    ],
    [t],
  );
  return (
    <DataTable
      label={t('nav.members')}
      columns={columns}
      rows={members}
      rowKey={(member) => member.user_id}
      rowTestId="member-row"
    />
  );
}

function Withdraw({ invitation }: { invitation: Invitation }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => api.send('DELETE', `/invitations/${invitation.id}`),
    onSuccess: () => say(t('members.withdrawn', { email: invitation.email })),
    onError: sayProblem,
    onSettled: () => client.invalidateQueries(MEMBERS),
  });
  return (
    <Button
      variant="default"
      size="compact-sm"
      loading={withdraw.isPending}
      onClick={() => withdraw.mutate()}
    >
      {t('members.withdraw')}
    </Button>
  );
}

/** Invitations that were not accepted yet. */
export function InvitationTable({ invitations }: { invitations: Invitation[] }) {
  const { t } = useTranslation();
  const columns = useMemo(
    (): Column<Invitation>[] => [
      { id: 'email', title: t('members.email'), lead: true, cell: (one) => one.email },
      { id: 'role', title: t('members.role'), cell: (one) => t(`memberRole.${one.role}`) },
      { id: 'until', title: t('members.until'), cell: (one) => <When at={one.expires_at} /> },
      { id: 'actions', title: t('list.actions'), cell: (one) => <Withdraw invitation={one} /> },
    ],
    [t],
  );
  return (
    <DataTable
      label={t('members.invitations')}
      columns={columns}
      rows={invitations}
      rowKey={(one) => one.id}
      rowTestId="invitation-row"
    />
  );
}

/** Invites somebody by mail. */
export function InviteForm({ roster }: { roster: Roster }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const roles = useRoles();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('member');
  const invite = useMutation({
    mutationFn: () => api.send('POST', '/invitations', { body: { email, role } }),
    onSuccess: () => {
      say(t('members.invited', { email }));
      setEmail('');
      void client.invalidateQueries(MEMBERS);
    },
  });
  const taken = roster.members.length + roster.invitations.length;
  return (
    <Section title={t('members.invite')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        <Stack>
          {roster.seats === null ? null : (
            <p className="muted small">{t('members.seats', { taken, seats: roster.seats })}</p>
          )}
          <TextInput
            label={t('members.email')}
            type="email"
            required
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('members.role')}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
            data={roles}
          />
          {invite.error ? <ProblemAlert error={invite.error} /> : null}
          <Button type="submit" loading={invite.isPending}>
            {t('members.send')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
