import { useId } from 'react';
import type { ReactNode } from 'react';

export interface SectionProps {
  title: string;
  id?: string;
  testId?: string;
  actions?: ReactNode;
  /** Without the padding, for tables that reach the border. */
  flush?: boolean;
  children: ReactNode;
}

/** A bordered panel with a heading. */
export function Section({ title, id, testId, actions, flush, children }: SectionProps) {
  const own = useId();
  const heading = `${own}-title`;
  return (
    <section className="panel" id={id} data-testid={testId} aria-labelledby={heading}>
      <div className="panel-head">
        <h2 id={heading}>{title}</h2>
        {actions ? <div className="panel-actions">{actions}</div> : null}
      </div>
      <div className={flush ? 'panel-body panel-flush' : 'panel-body'}>{children}</div>
    </section>
  );
}

export interface EmptyProps {
  text: string;
  children?: ReactNode;
}

/** One sentence and what to do about it. */
export function Empty({ text, children }: EmptyProps) {
  return (
    <div className="empty">
      <p className="muted">{text}</p>
      {children}
    </div>
  );
}

export interface FactsProps {
  facts: { label: string; value: ReactNode }[];
}

/** Pairs of a name and a value. */
export function Facts({ facts }: FactsProps) {
  return (
    <dl className="facts">
      {facts.map((fact) => (
        <div key={fact.label}>
          <dt>{fact.label}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
