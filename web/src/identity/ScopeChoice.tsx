import { Checkbox, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { SCOPES } from '../api/types';
import type { Scope } from '../api/types';
import { useMe } from '../app/me';

export interface ScopeChoiceProps {
  scopes: Scope[];
  onChange: (scopes: Scope[]) => void;
}

/** What a key or an application may be used for. */
export function ScopeChoice({ scopes, onChange }: ScopeChoiceProps) {
  const { t } = useTranslation();
  const me = useMe();
  const offered = SCOPES.filter((scope) => scope !== 'admin' || me.user.administrator);
  return (
    <fieldset className="form-choices">
      <legend>{t('keys.scopes')}</legend>
      <Stack gap={8} mt={6}>
        {offered.map((scope) => (
          <Checkbox
            key={scope}
            label={t(`scope.${scope}`)}
            description={t(`scopeText.${scope}`)}
            checked={scopes.includes(scope)}
            onChange={(event) =>
              onChange(
                event.currentTarget.checked
                  ? [...scopes, scope]
                  : scopes.filter((other) => other !== scope),
              )
            }
          />
        ))}
      </Stack>
    </fieldset>
  );
}
