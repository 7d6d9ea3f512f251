import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, describe, expect, test, vi } from 'vitest';

import type { JsonObject } from '../api/types';
import { ParamsForm } from './ParamsForm';
import { fillDefaults } from './defaults';
import { findParamErrors, onlyWrong } from './paramErrors';
import { prepareSchema } from './prepareSchema';

const SCHEMA = prepareSchema({
  type: 'object',
  required: ['target'],
  properties: {
    target: { type: 'string', description: 'The column.', 'x-gantry': { column_of: 'data' } },
    folds: { type: 'integer', minimum: 2, default: 5 },
    shuffle: { type: 'boolean', default: true },
    models: { type: 'array', items: { type: 'string', enum: ['linear', 'random_forest'] } },
    learner: {
      anyOf: [{ type: 'string', enum: ['linear', 'random_forest'] }, { type: 'null' }],
      default: null,
    },
    seed_note: { type: ['string', 'null'], 'x-gantry': { advanced: true } },
  },
});

function Harness({
  onChange,
  columns,
}: {
  onChange: (value: JsonObject) => void;
  columns: string[] | null;
}) {
  const [value, setValue] = useState<JsonObject>({ folds: 5, shuffle: true, models: ['linear'] });
  return (
    <MantineProvider env="test">
      <ParamsForm
        schema={SCHEMA}
        value={value}
        errors={onlyWrong(findParamErrors(SCHEMA, value))}
        context={{ columns: { data: columns } }}
        onChange={(next) => {
          setValue(next);
          onChange(next);
        }}
      />
    </MantineProvider>
  );
}

describe('ParamsForm', () => {
  afterEach(cleanup);

  test('offers the columns of the data and reports the choice', async () => {
    const onChange = vi.fn();
    render(<Harness onChange={onChange} columns={['age', 'risk']} />);
    await userEvent.selectOptions(screen.getByLabelText(/^Target/), 'risk');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ target: 'risk' }));
    expect(screen.getByText('The column.')).toBeTruthy();
  });

  test('leaves a choice open that nobody made', async () => {
    expect(fillDefaults(SCHEMA, {})).toEqual({ folds: 5, shuffle: true });
    const onChange = vi.fn();
    render(<Harness onChange={onChange} columns={['age', 'risk']} />);
    await userEvent.selectOptions(screen.getByLabelText(/^Target/), 'risk');
    const values = onChange.mock.calls.map(([value]) => value as JsonObject);
    expect(values.length).toBeGreaterThan(0);
    expect(values.filter((value) => value.learner !== undefined)).toEqual([]);
  });

  test('asks for the data first', () => {
    render(<Harness onChange={vi.fn()} columns={null} />);
    const target = screen.getByLabelText<HTMLSelectElement>(/^Target/);
    expect(target.disabled).toBe(true);
  });

  test('shows what is wrong at the field, and nothing while all is well', async () => {
    render(<Harness onChange={vi.fn()} columns={['age']} />);
    expect(screen.queryByText(/at least 2/)).toBeNull();
    const folds = screen.getByLabelText(/^Folds/);
    await userEvent.clear(folds);
    await userEvent.type(folds, '1');
    expect(screen.getByText('This must be at least 2.')).toBeTruthy();
  });

  test('ticks choices and switches', async () => {
    const onChange = vi.fn();
    render(<Harness onChange={onChange} columns={['age']} />);
    await userEvent.click(screen.getByLabelText('Random forest'));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ models: ['linear', 'random_forest'] }),
    );
    await userEvent.click(screen.getByLabelText('Shuffle'));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ shuffle: false }));
  });

  test('folds rare settings away', () => {
    render(<Harness onChange={vi.fn()} columns={['age']} />);
    const rare = screen.getByLabelText('Seed note');
    expect(rare.closest('details')).not.toBeNull();
    expect(screen.getByLabelText(/^Folds/).closest('details')).toBeNull();
  });
});
