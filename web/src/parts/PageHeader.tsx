// A page's heading, title and actions.

import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';

import { useHeadingFocus } from '../shell/NavigationFocus';

export interface PageHeaderProps {
  title: string;
  summary?: ReactNode;
  parent?: { to: '/datasets' | '/jobs' | '/account' | '/workflows' | '/models'; label: string };
  children?: ReactNode;
}

export function PageHeader({ title, summary, parent, children }: PageHeaderProps) {
  const heading = useHeadingFocus();
  useEffect(() => {
    document.title = `${title} · Gantry`;
  }, [title]);
  return (
    <div className="page-header">
      <div className="page-header-text">
        {parent ? (
          <p className="page-parent">
            <Link to={parent.to}>{parent.label}</Link>
            <ChevronRight size={14} aria-hidden />
          </p>
        ) : null}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {summary ? <div className="muted page-summary">{summary}</div> : null}
      </div>
      {children ? <div className="page-actions">{children}</div> : null}
    </div>
  );
}
