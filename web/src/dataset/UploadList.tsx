import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { ApiProblem } from '../api/problem';
import { useFormat } from '../app/format';
import { ProgressBar } from '../parts/ProgressBar';
import { useUploads } from '../shell/uploadQueue';
import type { UploadItem } from '../shell/uploadQueue';

function FailureText({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const problem = error instanceof ApiProblem ? error : null;
  const cause = problem?.status === 0 ? t('problem.offline') : (problem?.message ?? String(error));
  return (
    <p className="upload-failure" role="alert">
      {[cause, problem?.nextStep].filter(Boolean).join(' ')}
    </p>
  );
}

function Row({ item }: { item: UploadItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const uploads = useUploads();
  const isSending = item.status === 'sending';
  const share = item.file.size > 0 ? item.sent / item.file.size : 0;
  const isChecking = isSending && share >= 1;
  return (
    <li
      className="upload"
      data-testid="dataset-row"
      data-state={isSending ? 'uploading' : 'failed'}
    >
      <div className="upload-text">
        <strong>{item.file.name}</strong>
        <span className="muted small numeric" aria-live="off">
          {isChecking
            ? t('upload.checking')
            : t('upload.of', {
                sent: format.bytes(item.sent),
                total: format.bytes(item.file.size),
              })}
        </span>
      </div>
      {isSending ? (
        <ProgressBar fraction={share} label={t('upload.progress', { name: item.file.name })} />
      ) : (
        <FailureText error={item.error} />
      )}
      <div className="upload-actions">
        {isSending ? (
          <Button size="compact-sm" variant="default" onClick={item.cancel}>
            {t('upload.cancel')}
          </Button>
        ) : (
          <>
            <Button size="compact-sm" variant="default" onClick={() => uploads.retry(item)}>
              {t('upload.resume')}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => uploads.dismiss(item)}>
              {t('upload.dismiss')}
            </Button>
          </>
        )}
      </div>
    </li>
  );
}

/** Files on their way, and those that did not get through. */
export function UploadList({ datasetId }: { datasetId?: string }) {
  const { t } = useTranslation();
  const uploads = useUploads();
  const items = uploads.items.filter((item) => item.datasetId === datasetId);
  if (items.length === 0) return null;
  return (
    <ul className="uploads" aria-label={t('upload.list')}>
      {items.map((item) => (
        <Row key={item.key} item={item} />
      ))}
    </ul>
  );
}
