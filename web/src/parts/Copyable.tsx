import { CopyButton, UnstyledButton } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';

export interface CopyableProps {
  text: string;
  /** What it is, for those who cannot see where it stands. */
  label: string;
  /** Shown in place of the whole text. */
  short?: string;
}

/** A text that a click puts on the clipboard. */
export function Copyable({ text, label, short }: CopyableProps) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <UnstyledButton
          className="copyable mono"
          title={text}
          aria-label={
            copied ? t('copy.done', { label }) : t('copy.do', { label, text: short ?? text })
          }
          onClick={copy}
        >
          <span>{short ?? text}</span>
          {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
