// What the pages of administrators have in common: the heading, and the way from one to another.

import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useContext } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import { offersQuery } from '../api/queries';
import { MeContext } from '../app/me';
import { sayProblem } from '../app/toasts';
import { PageHeader } from '../parts/PageHeader';
import './admin.css';

const SECTIONS = [
  { to: '/admin', label: 'admin.overview' },
  { to: '/admin/people', label: 'people.title' },
  { to: '/admin/costs', label: 'costs.title' },
  { to: '/admin/referrals', label: 'referrals.all' },
  { to: '/admin/payments', label: 'paymentEvents.title' },
  { to: '/admin/revenue', label: 'revenue.title' },
  { to: '/admin/flags', label: 'flags.title' },
  { to: '/admin/fraud', label: 'fraud.title' },
] as const;

export interface AdminFrameProps {
  title: string;
  summary: ReactNode;
  children: ReactNode;
}

/** Ends the session for administering, where it is one of its own. */
function LeaveDesk() {
  const { t } = useTranslation();
  const me = useContext(MeContext);
  const leave = useMutation({
    mutationFn: () => api.send('DELETE', '/admin/session'),
    onSuccess: () => window.location.assign('/app/'),
    onError: sayProblem,
  });
  if (!me?.administrator_sign_in) return null;
  return (
    <Button variant="default" loading={leave.isPending} onClick={() => leave.mutate()}>
      {t('admin.leave')}
    </Button>
  );
}

export function AdminFrame({ title, summary, children }: AdminFrameProps) {
  const { t } = useTranslation();
  const offers = useQuery(offersQuery);
  const sections = SECTIONS.filter(({ to }) => to !== '/admin/fraud' || offers.data?.ads);
  return (
    <>
      <PageHeader title={title} summary={summary}>
        <LeaveDesk />
      </PageHeader>
      <nav className="sections" aria-label={t('admin.sections')}>
        {sections.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            className="section-link"
            activeOptions={{ exact: to === '/admin', includeSearch: false }}
          >
            {t(label)}
          </Link>
        ))}
      </nav>
      <div className="stack">{children}</div>
    </>
  );
}
