import { useTranslation } from 'react-i18next';

import { useFormat } from '../app/format';

export interface ConfusionTableProps {
  labels: string[];
  counts: number[][];
}

/** Actual classes as rows, predicted ones as columns; the deeper the colour, the larger the share. */
export function ConfusionTable({ labels, counts }: ConfusionTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="table-scroll" role="group" aria-label={t('train.confusion')} tabIndex={0}>
      <table className="confusion">
        <caption className="muted small">{t('train.confusionText')}</caption>
        <thead>
          <tr>
            <td />
            {labels.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((row, at) => {
            const total = row.reduce((sum, count) => sum + count, 0) || 1;
            return (
              <tr key={labels[at] ?? at}>
                <th scope="row">{labels[at]}</th>
                {row.map((count, index) => (
                  <td
                    key={labels[index] ?? index}
                    data-hit={index === at}
                    style={
                      { '--share': `${Math.round((count / total) * 60)}%` } as React.CSSProperties
                    }
                  >
                    {format.integer(count)}
                    <span className="small"> {format.percent(count / total)}</span>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
