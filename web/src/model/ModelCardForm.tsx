// Name, tags and note of a model.

import { Button, Group, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { Model } from '../api/types';
import { say } from '../app/toasts';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';

export function ModelCardForm({ model }: { model: Model }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState(model.name ?? '');
  const [tags, setTags] = useState(model.tags.join(', '));
  const [note, setNote] = useState(model.note ?? '');
  const save = useMutation({
    mutationFn: () => {
      const words = tags.split(/[,\s]+/).filter((word) => word !== '');
      const named = name.trim() === '' ? {} : { name };
      return api.send<Model>('PATCH', `/models/${model.id}`, {
        body: { ...named, tags: words, note },
      });
    },
    onSuccess: (kept) => {
      client.setQueryData(['model', model.id], kept);
      void client.invalidateQueries({ queryKey: ['models'] });
      say(t('model.saved'));
    },
  });
  return (
    <Section title={t('model.card')}>
      <div className="stack">
        {save.error ? <ProblemAlert error={save.error} /> : null}
        <TextInput
          label={t('model.name')}
          description={t('model.nameText')}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label={t('model.tags')}
          description={t('model.tagsText')}
          value={tags}
          onChange={(event) => setTags(event.currentTarget.value)}
        />
        <Textarea
          label={t('model.note')}
          description={t('model.noteText')}
          maxLength={4000}
          autosize
          minRows={2}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button loading={save.isPending} onClick={() => save.mutate()} data-testid="model-save">
            {t('model.save')}
          </Button>
        </Group>
      </div>
    </Section>
  );
}
