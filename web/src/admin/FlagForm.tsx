// Makes a flag, or changes one.

import { Button, Checkbox, Stack, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { flagsQuery } from '../api/adminQueries';
import { api } from '../api/client';
import type { Flag } from '../api/types';
import { say } from '../app/toasts';
import { Dialog } from '../parts/Dialog';
import { ProblemAlert } from '../parts/ProblemAlert';
import { FlagRules, FlagVariants } from './FlagRules';
import { EMPTY_FLAG, draftOf, requestOf } from './flagDraft';
import type { FlagDraft } from './flagDraft';

export const pathOf = (key: string) => `/admin/flags/${encodeURIComponent(key)}`;

/** A change holds to the revision that was read: another administrator's is not undone unseen. */
function send(draft: FlagDraft, flag?: Flag): Promise<Flag> {
  const body = requestOf(draft);
  return flag
    ? api.send<Flag>('PUT', pathOf(flag.key), { body: { ...body, base_revision: flag.revision } })
    : api.send<Flag>('POST', '/admin/flags', { body: { ...body, key: draft.key.trim() } });
}

function Fields({ flag, onDone }: { flag?: Flag; onDone: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [draft, setDraft] = useState(flag ? draftOf(flag) : EMPTY_FLAG);
  const change = (part: Partial<FlagDraft>) => setDraft((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () => send(draft, flag),
    onSuccess: ({ key }) => {
      onDone();
      say(t('flags.saved', { key }));
      void client.invalidateQueries({ queryKey: flagsQuery.queryKey });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {flag ? null : (
          <TextInput
            label={t('flags.key')}
            description={t('flags.keyText')}
            required
            maxLength={64}
            value={draft.key}
            onChange={(event) => change({ key: event.currentTarget.value })}
            data-autofocus
          />
        )}
        <Textarea
          label={t('flags.description')}
          maxLength={500}
          value={draft.description}
          onChange={(event) => change({ description: event.currentTarget.value })}
        />
        <Checkbox
          label={t('flags.enabled')}
          description={t('flags.enabledText')}
          checked={draft.enabled}
          onChange={(event) => change({ enabled: event.currentTarget.checked })}
        />
        <Checkbox
          label={t('flags.visible')}
          description={t('flags.visibleText')}
          checked={draft.visible}
          onChange={(event) => change({ visible: event.currentTarget.checked })}
        />
        <FlagRules items={draft.rules} onChange={(rules) => change({ rules })} />
        <FlagVariants items={draft.variants} onChange={(variants) => change({ variants })} />
        {save.error ? <ProblemAlert error={save.error} /> : null}
        <div className="deeds">
          <Button variant="default" onClick={onDone}>
            {t('confirm.keep')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('flags.save')}
          </Button>
        </div>
      </Stack>
    </form>
  );
}

export function FlagForm({ flag }: { flag?: Flag }) {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        {t(flag ? 'flags.edit' : 'flags.new')}
      </Button>
      <Dialog
        isOpen={isOpen}
        onClose={close}
        title={flag?.key ?? t('flags.new')}
        size="lg"
        isSticky
      >
        <Fields flag={flag} onDone={close} />
      </Dialog>
    </>
  );
}
