import { Switch } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { JobProgress } from '../api/jobStream';
import { Section } from '../parts/Section';

const NEAR_END_PX = 24;

const clock = (at: string): string => new Date(at).toLocaleTimeString(undefined, { hour12: false });

/** What the job says. Scrolling up stops the following, scrolling to the end takes it up again. */
export function JobLog({ progress, isEnded }: { progress: JobProgress; isEnded: boolean }) {
  const { t } = useTranslation();
  const [isFollowing, setIsFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const lines = progress.log;

  useEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [isFollowing, lines]);

  return (
    <Section
      title={t('log.title')}
      testId="job-log"
      flush
      actions={
        lines.length > 0 ? (
          <Switch
            size="xs"
            label={t('log.follow')}
            checked={isFollowing}
            onChange={(event) => setIsFollowing(event.currentTarget.checked)}
          />
        ) : null
      }
    >
      {lines.length === 0 ? (
        <p className="muted panel-body">{isEnded ? t('log.none') : t('log.notYet')}</p>
      ) : (
        <div
          ref={box}
          className="log"
          role="log"
          aria-live="off"
          aria-label={t('log.title')}
          tabIndex={0}
          onScroll={({ currentTarget }) => {
            const { scrollHeight, scrollTop, clientHeight } = currentTarget;
            setIsFollowing(scrollHeight - scrollTop - clientHeight < NEAR_END_PX);
          }}
        >
          {progress.dropped > 0 ? (
            <div className="log-line muted">{t('log.dropped', { count: progress.dropped })}</div>
          ) : null}
          {lines.map((line) => (
            <div key={line.key} className="log-line" data-level={line.level}>
              {line.at ? <time dateTime={line.at}>{clock(line.at)}</time> : null}
              {line.level === 'info' || line.level === 'debug' ? null : (
                <span className="log-level">{line.level}</span>
              )}
              <span>{line.message}</span>
            </div>
          ))}
        </div>
      )}
    </Section>
  );
}
