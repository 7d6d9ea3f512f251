// What the pages of administrators have in common: the heading, and the way from one to another.

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { offersQuery } from '../api/queries';
import { PageHeader } from '../parts/PageHeader';
import './admin.css';

const SECTIONS = [
  { to: '/admin', label: 'admin.overview' },
  { to: '/admin/people', label: 'people.title' },
  { to: '/admin/costs', label: 'costs.title' },
  { to: '/admin/referrals', label: 'referrals.all' },
  { to: '/admin/revenue', label: 'revenue.title' },
  { to: '/admin/flags', label: 'flags.title' },
  { to: '/admin/fraud', label: 'fraud.title' },
] as const;

export interface AdminFrameProps {
  title: string;
  summary: ReactNode;
  children: ReactNode;
}

export function AdminFrame({ title, summary, children }: AdminFrameProps) {
  const { t } = useTranslation();
  const offers = useQuery(offersQuery);
  const sections = SECTIONS.filter(({ to }) => to !== '/admin/fraud' || offers.data?.ads);
  return (
    <>
      <PageHeader title={title} summary={summary} />
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
