// Takes files that are dropped anywhere on it, or chosen.

import { Button } from '@mantine/core';
import { Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import type { DragEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export const ACCEPTED =
  '.csv,.tsv,.txt,.jsonl,.ndjson,.xlsx,.xlsm,text/csv,text/tab-separated-values';

export interface FilePickerProps {
  label: string;
  isMultiple?: boolean;
  isQuiet?: boolean;
  onFiles: (files: File[]) => void;
}

/** A button that opens the system's file dialog. */
export function FilePicker({ label, isMultiple, isQuiet, onFiles }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        multiple={isMultiple}
        accept={ACCEPTED}
        aria-label={label}
        data-testid="upload-input"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
      <Button
        variant={isQuiet ? 'default' : 'filled'}
        leftSection={<Upload size={16} aria-hidden />}
        onClick={() => input.current?.click()}
      >
        {label}
      </Button>
    </>
  );
}

export interface DropAreaProps {
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

export function DropArea({ onFiles, children }: DropAreaProps) {
  const { t } = useTranslation();
  // Moving over a child leaves the parent, so enters and leaves are counted.
  const depth = useRef(0);
  const [isOver, setIsOver] = useState(false);
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  const move = (step: number) => (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current = Math.max(0, depth.current + step);
    setIsOver(depth.current > 0);
  };
  return (
    <div
      className="drop-area"
      data-over={isOver}
      onDragEnter={move(1)}
      onDragLeave={move(-1)}
      onDragOver={(event) => {
        if (hasFiles(event)) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setIsOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {isOver ? <p className="drop-hint">{t('datasets.dropHere')}</p> : null}
      {children}
    </div>
  );
}
