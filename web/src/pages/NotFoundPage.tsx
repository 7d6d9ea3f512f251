import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { PageHeader } from '../parts/PageHeader';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={t('notFound.title')} summary={t('notFound.text')} />
      <Link to="/">{t('shell.toHome')}</Link>
    </>
  );
}
