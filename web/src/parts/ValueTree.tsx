// Any JSON as something to read: names and values, lists of like objects as a table.

import { useTranslation } from 'react-i18next';

import type { JsonObject, JsonValue } from '../api/types';
import { humanize, useFormat } from '../app/format';
import type { Format } from '../app/format';

const MOST_ROWS = 200;
const MOST_COLUMNS = 12;

const isObject = (value: JsonValue): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const isPlain = (value: JsonValue): boolean => value === null || typeof value !== 'object';

/** Numbers whose name says what they count. */
function withUnit(name: string, value: number, format: Format): string | null {
  if (/(^|_)bytes$/.test(name)) return format.bytes(value);
  if (/_seconds$/.test(name)) return format.duration(value * 1000);
  return null;
}

/** The name without the unit that the value shows. */
const titleOf = (name: string): string => humanize(name.replace(/_(bytes|seconds)$/, ''));

interface PlainProps {
  value: JsonValue;
  name?: string;
}

function Plain({ value, name = '' }: PlainProps) {
  const { t } = useTranslation();
  const format = useFormat();
  if (value === null || value === '') return <span className="muted">{t('value.none')}</span>;
  if (typeof value === 'boolean') return <>{value ? t('value.yes') : t('value.no')}</>;
  if (typeof value === 'number') {
    const text = withUnit(name, value, format);
    if (text !== null) return <>{text}</>;
    return <>{Number.isInteger(value) ? format.integer(value) : format.number(value)}</>;
  }
  return <>{String(value)}</>;
}

/** Columns that lead a table, in this order, where it has them. */
const LEADING = ['rank', 'title', 'name', 'column', 'label', 'state', 'status', 'score'];

const placeOf = (name: string): number =>
  LEADING.includes(name) ? LEADING.indexOf(name) : LEADING.length;

/** Columns with values that fit a cell; those with trees alone are in the report's own file. */
function findColumns(items: JsonObject[]): string[] {
  const shown = items.slice(0, MOST_ROWS);
  const names = [...new Set(shown.flatMap((item) => Object.keys(item)))];
  const plain = names.filter((name) => shown.some((item) => isPlain(item[name] ?? {})));
  const columns = plain.length > 0 ? plain : names;
  return columns.sort((a, b) => placeOf(a) - placeOf(b)).slice(0, MOST_COLUMNS);
}

function ObjectTable({ items, label }: { items: JsonObject[]; label: string }) {
  const columns = findColumns(items);
  return (
    <div className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      <table className="table table-plain">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {titleOf(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.slice(0, MOST_ROWS).map((item, row) => (
            <tr key={row}>
              {columns.map((column) => (
                <td key={column} className={typeof item[column] === 'number' ? 'numeric' : ''}>
                  <Compact value={item[column] ?? null} name={column} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** In one line, for cells. */
function Compact({ value, name }: PlainProps) {
  if (isPlain(value)) return <Plain value={value} name={name} />;
  return <code className="clip">{JSON.stringify(value)}</code>;
}

function List({ items, label }: { items: JsonValue[]; label: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (items.length === 0) return <span className="muted">{t('value.none')}</span>;
  if (items.every(isObject)) return <ObjectTable items={items} label={label} />;
  if (items.every(isPlain)) {
    const shown = items
      .slice(0, MOST_ROWS)
      .map((item) =>
        typeof item === 'number' && !Number.isInteger(item) ? format.number(item) : String(item),
      );
    return <>{shown.join(', ')}</>;
  }
  return (
    <ol className="tree-list">
      {items.slice(0, MOST_ROWS).map((item, index) => (
        <li key={index}>
          <ValueTree value={item} label={label} />
        </li>
      ))}
    </ol>
  );
}

export interface ValueTreeProps {
  value: JsonValue;
  /** The field's name, where it has one. */
  name?: string;
  label: string;
}

export function ValueTree({ value, label, name }: ValueTreeProps) {
  if (Array.isArray(value)) return <List items={value} label={label} />;
  if (isObject(value) && Object.keys(value).length === 0) return <Plain value={null} />;
  if (!isObject(value)) return <Plain value={value} name={name} />;
  return (
    <dl className="tree">
      {Object.entries(value).map(([field, inner]) => (
        <div key={field} className={isPlain(inner) ? 'tree-flat' : undefined}>
          <dt>{titleOf(field)}</dt>
          <dd>
            <ValueTree value={inner} label={humanize(field)} name={field} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
