import { Button, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { API, api } from '../api/client';
import { accountExportQuery } from '../api/queries';
import { isFinal } from '../api/types';
import type { AccountExport as Export } from '../api/types';
import { useFormat } from '../app/format';
import { useMe } from '../app/me';
import { ProblemAlert } from '../parts/ProblemAlert';
import { ProgressBar } from '../parts/ProgressBar';
import { Section } from '../parts/Section';
import { StateBadge } from '../parts/StateBadge';
import { When } from '../parts/When';
import { PasswordForm } from './PasswordForm';
import './identity.css';

function Newest({ newest }: { newest: Export }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="identity-way" data-testid="account-export">
      <div>
        <StateBadge state={newest.state} />
        <p className="muted small">
          {t('export.asked')} <When at={newest.created_at} />
        </p>
        {newest.error ? <p className="small">{newest.error}</p> : null}
        {!isFinal(newest.state) ? (
          <ProgressBar label={t('export.progress')} fraction={newest.progress} />
        ) : null}
        {newest.state === 'succeeded' && !newest.file ? (
          <p className="muted small">{t('export.removed')}</p>
        ) : null}
      </div>
      {newest.file ? (
        <Button
          component="a"
          href={`${API}/account/export/content`}
          download={newest.file.name}
          variant="default"
          size="compact-sm"
        >
          {t('export.download', { size: format.bytes(newest.file.bytes) })}
        </Button>
      ) : null}
    </div>
  );
}

/** Everything that is kept about the person, as a file. */
export function AccountExport() {
  const { t } = useTranslation();
  const { user } = useMe();
  const client = useQueryClient();
  const newest = useQuery(accountExportQuery);
  const isBusy = newest.data ? !isFinal(newest.data.state) : false;
  return (
    <Section title={t('export.title')} testId="your-data">
      <Stack>
        <p>{t('export.summary')}</p>
        {newest.error ? <ProblemAlert error={newest.error} /> : null}
        {newest.data ? <Newest newest={newest.data} /> : null}
        {user.password ? (
          <PasswordForm<Export>
            label={t('export.ask')}
            deed={(password) => api.send('POST', '/account/export', { body: { password } })}
            onDone={() => void client.invalidateQueries({ queryKey: accountExportQuery.queryKey })}
            isQuiet
            isDisabled={isBusy}
          />
        ) : (
          <p className="muted small">{t('export.noPassword')}</p>
        )}
      </Stack>
    </Section>
  );
}
