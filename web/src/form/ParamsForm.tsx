// The form of an operation, made from its schema.

import Form from '@rjsf/core';
import { toErrorSchema } from '@rjsf/utils';
import type {
  RJSFSchema,
  RJSFValidationError,
  RegistryWidgetsType,
  TemplatesType,
} from '@rjsf/utils';
import { useMemo } from 'react';

import type { JsonObject } from '../api/types';
import {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  FieldTemplate,
  MultiSchemaFieldTemplate,
  Nothing,
  ObjectFieldTemplate,
} from './templates';
import { DEFAULT_BEHAVIOR } from './defaults';
import { deriveUiSchema } from './uiSchema';
import validator from './validator';
import {
  CheckboxWidget,
  CheckboxesWidget,
  ColumnWidget,
  ColumnsWidget,
  SelectWidget,
  TextWidget,
  TextareaWidget,
} from './widgets';
import type { FormContext } from './widgets';

const WIDGETS: RegistryWidgetsType = {
  TextWidget,
  TextareaWidget,
  CheckboxWidget,
  CheckboxesWidget,
  SelectWidget,
  RadioWidget: SelectWidget,
  column: ColumnWidget,
  columns: ColumnsWidget,
};

const TEMPLATES: Partial<TemplatesType> = {
  FieldTemplate,
  ObjectFieldTemplate,
  ArrayFieldTemplate,
  ArrayFieldItemTemplate,
  MultiSchemaFieldTemplate,
  ErrorListTemplate: Nothing,
  FieldErrorTemplate: Nothing,
};

export interface ParamsFormProps {
  /** Went through `prepareSchema`. */
  schema: JsonObject;
  value: JsonObject;
  errors: RJSFValidationError[];
  context: FormContext;
  /** Tells the fields of several forms on one page apart. */
  idPrefix?: string;
  onChange: (value: JsonObject) => void;
}

/** Says nothing about what is wrong by itself: `errors` are shown at their fields. */
export function ParamsForm(props: ParamsFormProps) {
  const { schema, value, errors, context, idPrefix = 'param', onChange } = props;
  const uiSchema = useMemo(() => deriveUiSchema(schema), [schema]);
  const extraErrors = useMemo(() => toErrorSchema(errors), [errors]);
  return (
    <Form
      tagName="div"
      schema={schema as RJSFSchema}
      uiSchema={{ ...uiSchema, 'ui:submitButtonOptions': { norender: true } }}
      formData={value}
      formContext={context}
      validator={validator}
      widgets={WIDGETS}
      templates={TEMPLATES}
      extraErrors={extraErrors}
      idPrefix={idPrefix}
      experimental_defaultFormStateBehavior={DEFAULT_BEHAVIOR}
      noValidate
      noHtml5Validate
      showErrorList={false}
      onChange={({ formData }) => onChange((formData ?? {}) as JsonObject)}
    >
      <></>
    </Form>
  );
}
