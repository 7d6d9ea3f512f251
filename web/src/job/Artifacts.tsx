// What a job left behind: reports in a frame that can do nothing, charts as pictures, all files to
// take home.

import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Download, ExternalLink, Play } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { buildPath } from '../api/client';
import type { Artifact } from '../api/types';
import { humanize, useFormat } from '../app/format';
import { Copyable } from '../parts/Copyable';
import { DataTable } from '../parts/DataTable';
import type { Column } from '../parts/DataTable';
import { Section } from '../parts/Section';
import { Badge } from '../parts/StateBadge';

const inlinePath = (artifact: Artifact): string =>
  buildPath(`/artifacts/${artifact.id}/content`, { inline: 1 });

const isReport = (artifact: Artifact): boolean =>
  artifact.role === 'report' && artifact.media_type.startsWith('text/html');

const isPicture = (artifact: Artifact): boolean =>
  artifact.role === 'chart' && artifact.media_type.startsWith('image/');

const nameOf = (artifact: Artifact): string => humanize(artifact.name.replace(/\.[a-z0-9]+$/i, ''));

function Reports({ artifacts }: { artifacts: Artifact[] }) {
  const { t } = useTranslation();
  return artifacts.map((artifact, index) => (
    <Section
      key={artifact.id}
      title={artifacts.length > 1 ? nameOf(artifact) : t('report.title')}
      id={index === 0 ? 'report' : undefined}
      flush
      actions={
        <Button
          size="compact-sm"
          variant="default"
          component="a"
          target="_blank"
          rel="noopener"
          href={inlinePath(artifact)}
          leftSection={<ExternalLink size={14} aria-hidden />}
        >
          {t('report.open')}
        </Button>
      }
    >
      <iframe
        className="report-frame"
        data-testid="report-frame"
        sandbox=""
        title={`${t('report.title')}: ${artifact.name}`}
        src={inlinePath(artifact)}
      />
    </Section>
  ));
}

function Charts({ artifacts }: { artifacts: Artifact[] }) {
  const { t } = useTranslation();
  if (artifacts.length === 0) return null;
  return (
    <Section title={t('charts.title')} id="charts">
      <div className="charts">
        {artifacts.map((artifact) => (
          <figure key={artifact.id}>
            <img src={inlinePath(artifact)} alt={nameOf(artifact)} />
            <figcaption className="muted small">{nameOf(artifact)}</figcaption>
          </figure>
        ))}
      </div>
    </Section>
  );
}

function Files({ artifacts }: { artifacts: Artifact[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns = useMemo(
    (): Column<Artifact>[] => [
      { id: 'name', title: t('artifact.name'), lead: true, cell: (artifact) => artifact.name },
      {
        id: 'role',
        title: t('artifact.role'),
        cell: (artifact) => <Badge>{t(`role.${artifact.role}`)}</Badge>,
      },
      {
        id: 'type',
        title: t('artifact.type'),
        minor: true,
        cell: (artifact) => <code className="clip">{artifact.media_type}</code>,
      },
      {
        id: 'size',
        title: t('dataset.size'),
        numeric: true,
        sortBy: (artifact) => artifact.bytes,
        descFirst: true,
        cell: (artifact) => format.bytes(artifact.bytes),
      },
      {
        id: 'sha256',
        title: 'SHA-256',
        minor: true,
        cell: (artifact) => (
          <Copyable
            text={artifact.sha256}
            label={`SHA-256 ${artifact.name}`}
            short={`${artifact.sha256.slice(0, 10)}…`}
          />
        ),
      },
      {
        id: 'actions',
        title: t('artifact.get'),
        cell: (artifact) => (
          <span className="artifact-actions">
            <Button
              size="compact-sm"
              variant="default"
              component="a"
              download={artifact.name}
              href={buildPath(`/artifacts/${artifact.id}/content`)}
              data-testid="artifact-download"
              leftSection={<Download size={14} aria-hidden />}
              aria-label={t('artifact.downloadNamed', { name: artifact.name })}
            >
              {t('artifact.download')}
            </Button>
            {artifact.role === 'model' ? (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<Play size={14} aria-hidden />}
                renderRoot={(props) => (
                  <Link to="/jobs/new" search={{ model: artifact.job_id }} {...props} />
                )}
              >
                {t('artifact.use')}
              </Button>
            ) : null}
          </span>
        ),
      },
    ],
    [format, t],
  );
  return (
    <Section title={t('artifact.title')} id="artifacts" flush>
      <DataTable
        label={t('artifact.title')}
        columns={columns}
        rows={artifacts}
        rowKey={(artifact) => artifact.id}
        rowTestId="artifact-row"
        rowData={(artifact) => ({ 'data-name': artifact.name })}
      />
    </Section>
  );
}

export function Artifacts({ artifacts }: { artifacts: Artifact[] }) {
  if (artifacts.length === 0) return null;
  return (
    <>
      <Charts artifacts={artifacts.filter(isPicture)} />
      <Reports artifacts={artifacts.filter(isReport)} />
      <Files artifacts={artifacts} />
    </>
  );
}

export const hasReport = (artifacts: Artifact[]): boolean => artifacts.some(isReport);
export const hasCharts = (artifacts: Artifact[]): boolean => artifacts.some(isPicture);
