import { useTranslation } from 'react-i18next';

import { API } from '../api/client';
import type { Job } from '../api/types';
import { Copyable } from '../parts/Copyable';
import { Section } from '../parts/Section';

/** The request that submits this job again. */
export function deriveSnippet(job: Job, origin: string): string {
  const body = JSON.stringify(
    { operation: job.operation, params: job.params, inputs: job.inputs },
    null,
    2,
  ).replace(/'/g, "'\\''");
  return [
    `curl ${origin}${API}/jobs \\`,
    '  -H "Authorization: Bearer $GANTRY_API_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '${body}'`,
  ].join('\n');
}

export function ApiSnippet({ job }: { job: Job }) {
  const { t } = useTranslation();
  const snippet = deriveSnippet(job, window.location.origin);
  return (
    <Section
      title={t('snippet.title')}
      actions={<Copyable text={snippet} label={t('snippet.title')} short={t('copy.word')} />}
    >
      <pre className="snippet" tabIndex={0} aria-label={t('snippet.title')}>
        {snippet}
      </pre>
    </Section>
  );
}
