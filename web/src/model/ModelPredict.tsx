// Asks a model for predictions of rows.

import { Button, Group, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '../api/client';
import type { JsonValue, Model } from '../api/types';
import { ProblemAlert } from '../parts/ProblemAlert';
import { Section } from '../parts/Section';
import { ValueTree } from '../parts/ValueTree';

function read(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

export function ModelPredict({ model }: { model: Model }) {
  const { t } = useTranslation();
  const [text, setText] = useState('{\n  "rows": [{}]\n}');
  const input = read(text);
  const ask = useMutation({
    mutationFn: () => api.send<JsonValue>('POST', `/models/${model.id}/predict`, { body: input }),
  });
  return (
    <Section title={t('model.predict')}>
      <div className="stack">
        <Textarea
          label={t('model.predictInput')}
          description={t('model.predictText')}
          error={input === undefined ? t('flow.textWrong') : undefined}
          autosize
          minRows={4}
          maxRows={16}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button
            disabled={input === undefined}
            loading={ask.isPending}
            onClick={() => ask.mutate()}
            data-testid="model-predict"
          >
            {t('model.predict')}
          </Button>
        </Group>
        {ask.error ? <ProblemAlert error={ask.error} /> : null}
        {ask.data !== undefined ? (
          <div data-testid="model-answer">
            <ValueTree value={ask.data} label={t('model.answer')} />
          </div>
        ) : null}
      </div>
    </Section>
  );
}
