// Fields of generated forms. Each draws its own label, help and error, so that they belong together
// for screen readers too.

import {
  Checkbox,
  Input,
  MultiSelect,
  NativeSelect,
  NumberInput,
  Select,
  Stack,
  TextInput,
  Textarea,
} from '@mantine/core';
import {
  enumOptionsDeselectValue,
  enumOptionsIsSelected,
  enumOptionsSelectValue,
} from '@rjsf/utils';
import type { WidgetProps } from '@rjsf/utils';
import { useTranslation } from 'react-i18next';

import { InlineCode } from '../parts/InlineCode';

/** More options than this are searched for, not scrolled through. */
const MOST_NATIVE = 60;
const SHOWN_AT_ONCE = 200;

export interface FormContext {
  /** Columns by input slot; null until they are known. */
  columns: Record<string, string[] | null>;
}

function shared(props: WidgetProps, note?: string) {
  const { id, label, hideLabel, required, disabled, readonly, schema, rawErrors } = props;
  const description = [props.options.description ?? schema.description, note]
    .filter(Boolean)
    .join(' ');
  return {
    id,
    label: hideLabel ? undefined : label,
    'aria-label': hideLabel ? label : undefined,
    description: description ? <InlineCode text={description} /> : undefined,
    error: rawErrors?.length ? rawErrors.join(' ') : undefined,
    required,
    disabled: disabled || readonly,
    onBlur: () => props.onBlur(id, props.value),
    onFocus: () => props.onFocus(id, props.value),
  };
}

function NumberWidget(props: WidgetProps) {
  const { schema, value, onChange } = props;
  const isWhole = schema.type === 'integer';
  return (
    <NumberInput
      {...shared(props)}
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
      allowDecimal={!isWhole}
      step={schema.multipleOf ?? (isWhole ? 1 : 0.1)}
      placeholder={schema.default === undefined ? undefined : String(schema.default)}
    />
  );
}

export function TextWidget(props: WidgetProps) {
  const { schema, value, onChange, placeholder } = props;
  if (schema.type === 'integer' || schema.type === 'number') return <NumberWidget {...props} />;
  return (
    <TextInput
      {...shared(props)}
      value={typeof value === 'string' ? value : ''}
      placeholder={placeholder}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}

export function TextareaWidget(props: WidgetProps) {
  return (
    <Textarea
      {...shared(props)}
      autosize
      minRows={3}
      value={typeof props.value === 'string' ? props.value : ''}
      onChange={(event) => props.onChange(event.currentTarget.value || undefined)}
    />
  );
}

export function CheckboxWidget(props: WidgetProps) {
  const { required: _mayBeFalse, ...rest } = shared(props);
  return (
    <Checkbox
      {...rest}
      label={props.label}
      checked={props.value === true}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  );
}

export function SelectWidget(props: WidgetProps) {
  const { t } = useTranslation();
  const { options, value, onChange, schema } = props;
  const choices = options.enumOptions ?? [];
  const at = choices.findIndex((choice) => choice.value === value);
  const chosen = choices[at]?.schema?.description;
  const field = shared(props, chosen);
  const mayBeEmpty = schema.default === undefined;
  return (
    <NativeSelect
      {...field}
      value={at < 0 ? '' : String(at)}
      onChange={(event) => {
        const index = event.currentTarget.value;
        onChange(index === '' ? undefined : choices[Number(index)]?.value);
      }}
      data={[
        ...(mayBeEmpty || at < 0 ? [{ value: '', label: t('form.choose') }] : []),
        ...choices.map((choice, index) => ({ value: String(index), label: choice.label })),
      ]}
    />
  );
}

export function CheckboxesWidget(props: WidgetProps) {
  const { id, label, description, error, required } = shared(props);
  const { options, value, onChange } = props;
  const choices = options.enumOptions ?? [];
  const selected: unknown[] = Array.isArray(value) ? value : [];
  return (
    <fieldset className="form-choices" id={id}>
      <legend>
        {label}
        {required ? <span aria-hidden> *</span> : null}
      </legend>
      {description ? <Input.Description>{description}</Input.Description> : null}
      <Stack gap={6} mt={6}>
        {choices.map((choice, index) => (
          <Checkbox
            key={String(choice.value)}
            label={choice.label}
            description={
              choice.schema?.description ? (
                <InlineCode text={choice.schema.description} />
              ) : undefined
            }
            checked={enumOptionsIsSelected(choice.value, selected as string[])}
            onChange={(event) => {
              const change = event.currentTarget.checked
                ? enumOptionsSelectValue
                : enumOptionsDeselectValue;
              onChange(change(index, selected as string[], choices));
            }}
          />
        ))}
      </Stack>
      {error ? <Input.Error>{error}</Input.Error> : null}
    </fieldset>
  );
}

function useColumns(props: WidgetProps): string[] | null {
  const context = props.registry.formContext as FormContext | undefined;
  return context?.columns[String(props.options.slot)] ?? null;
}

/** One column of an input. */
export function ColumnWidget(props: WidgetProps) {
  const { t } = useTranslation();
  const columns = useColumns(props);
  const { value, onChange } = props;
  if (!columns) {
    return (
      <NativeSelect
        {...shared(props)}
        disabled
        data={[{ value: '', label: t('form.dataFirst') }]}
      />
    );
  }
  if (columns.length > MOST_NATIVE) {
    return (
      <Select
        {...shared(props)}
        searchable
        clearable={!props.required}
        limit={SHOWN_AT_ONCE}
        placeholder={t('form.choose')}
        nothingFoundMessage={t('form.noColumn')}
        data={columns}
        value={typeof value === 'string' ? value : null}
        onChange={(next) => onChange(next ?? undefined)}
      />
    );
  }
  return (
    <NativeSelect
      {...shared(props)}
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      data={[
        { value: '', label: t('form.choose') },
        ...columns.map((column) => ({ value: column, label: column })),
      ]}
    />
  );
}

/** Several columns of an input. */
export function ColumnsWidget(props: WidgetProps) {
  const { t } = useTranslation();
  const columns = useColumns(props);
  const chosen: string[] = Array.isArray(props.value) ? (props.value as string[]) : [];
  return (
    <MultiSelect
      {...shared(props)}
      searchable
      clearable
      limit={SHOWN_AT_ONCE}
      disabled={!columns}
      placeholder={chosen.length > 0 ? undefined : columns ? t('form.choose') : t('form.dataFirst')}
      nothingFoundMessage={t('form.noColumn')}
      data={columns ?? []}
      value={chosen}
      onChange={(next) => props.onChange(next)}
    />
  );
}
