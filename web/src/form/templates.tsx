// The frame around generated fields: one below the other, groups with a heading, rare settings
// folded away.

import { ActionIcon, Button, Input } from '@mantine/core';
import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  FieldTemplateProps,
  MultiSchemaFieldTemplateProps,
  ObjectFieldTemplateProps,
  RJSFSchema,
} from '@rjsf/utils';
import { Plus, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import type { JsonObject } from '../api/types';
import { isAdvanced } from './uiSchema';

/** Widgets draw label, help and error themselves. */
export function FieldTemplate({ children, hidden }: FieldTemplateProps) {
  return <div hidden={hidden}>{children}</div>;
}

const isRoot = (props: ObjectFieldTemplateProps): boolean => props.fieldPathId.path.length === 0;

export function ObjectFieldTemplate(props: ObjectFieldTemplateProps) {
  const { t } = useTranslation();
  const { properties, schema, title, description } = props;
  const isRare = (name: string) => {
    const property: unknown = (schema.properties as Record<string, RJSFSchema> | undefined)?.[name];
    return typeof property === 'object' && isAdvanced(property as JsonObject);
  };
  const usual = properties.filter(({ name }) => !isRare(name)).map(({ content }) => content);
  const rare = properties.filter(({ name }) => isRare(name)).map(({ content }) => content);
  const body = (
    <>
      {usual}
      {rare.length > 0 ? (
        <details className="form-more">
          <summary>{t('form.more')}</summary>
          <div className="form-fields">{rare}</div>
        </details>
      ) : null}
    </>
  );
  if (isRoot(props)) return <div className="form-fields">{body}</div>;
  return (
    <fieldset className="form-group">
      <legend>{title}</legend>
      {description ? <Input.Description>{description}</Input.Description> : null}
      <div className="form-fields">{body}</div>
    </fieldset>
  );
}

export function ArrayFieldTemplate(props: ArrayFieldTemplateProps) {
  const { t } = useTranslation();
  const { canAdd, items, onAddClick, schema, title, rawErrors } = props;
  return (
    <fieldset className="form-group">
      <legend>{title}</legend>
      {schema.description ? <Input.Description>{schema.description}</Input.Description> : null}
      <div className="form-fields">
        {items}
        {canAdd ? (
          <Button
            variant="default"
            size="xs"
            className="form-add"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => onAddClick()}
          >
            {t('form.add')}
          </Button>
        ) : null}
      </div>
      {rawErrors?.length ? <Input.Error>{rawErrors.join(' ')}</Input.Error> : null}
    </fieldset>
  );
}

export function ArrayFieldItemTemplate(props: ArrayFieldItemTemplateProps) {
  const { t } = useTranslation();
  const { children, buttonsProps, index } = props;
  return (
    <div className="form-item">
      <div className="form-item-body">{children}</div>
      {buttonsProps.hasRemove ? (
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t('form.remove', { number: index + 1 })}
          onClick={() => buttonsProps.onRemoveItem()}
        >
          <Trash2 size={16} aria-hidden />
        </ActionIcon>
      ) : null}
    </div>
  );
}

export function MultiSchemaFieldTemplate(props: MultiSchemaFieldTemplateProps) {
  return (
    <div className="form-fields">
      {props.selector}
      {props.optionSchemaField}
    </div>
  );
}

export const Nothing = () => null;
