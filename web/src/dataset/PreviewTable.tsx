import { useTranslation } from 'react-i18next';

import type { Preview } from '../api/types';

/** The first rows, as they stand in the file. */
export function PreviewTable({ preview }: { preview: Preview }) {
  const { t } = useTranslation();
  const isNumber = preview.columns.map(({ kind }) => kind === 'number' || kind === 'integer');
  return (
    <div
      className="table-scroll preview"
      role="group"
      aria-label={t('dataset.preview')}
      tabIndex={0}
    >
      <table className="table table-wide">
        <thead>
          <tr>
            {preview.columns.map((column, index) => (
              <th key={column.name} scope="col" className={isNumber[index] ? 'numeric' : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td
                  key={preview.columns[index]?.name ?? index}
                  className={isNumber[index] ? 'numeric' : undefined}
                >
                  {cell ?? <span className="muted">{t('value.missing')}</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
