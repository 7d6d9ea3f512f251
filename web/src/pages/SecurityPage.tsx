import { useTranslation } from 'react-i18next';

import { Identities } from '../identity/Identities';
import { Passkeys } from '../identity/Passkeys';
import { ProfileForm } from '../identity/ProfileForm';
import { SecondFactor } from '../identity/SecondFactor';
import { ChangePasswordForm, EmailForm } from '../identity/SecretForms';
import '../identity/identity.css';
import { PageHeader } from '../parts/PageHeader';

/** Who one is, and how one proves it. */
export function SecurityPage() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={t('nav.security')} summary={t('security.summary')} />
      <div className="identity-grid">
        <ProfileForm />
        <SecondFactor />
        <EmailForm />
        <ChangePasswordForm />
        <Passkeys />
        <Identities />
      </div>
    </>
  );
}
