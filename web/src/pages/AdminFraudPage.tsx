import { useTranslation } from 'react-i18next';

import { AdminFrame } from '../admin/AdminFrame';
import { FraudBlocks } from '../admin/FraudBlocks';
import { FraudReview } from '../reward/FraudReview';

export function AdminFraudPage() {
  const { t } = useTranslation();
  return (
    <AdminFrame title={t('fraud.title')} summary={t('fraud.summary')}>
      <FraudReview />
      <FraudBlocks />
    </AdminFrame>
  );
}
