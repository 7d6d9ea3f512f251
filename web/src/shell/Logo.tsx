import { useQuery } from '@tanstack/react-query';

import { metaQuery } from '../api/queries';

export function Logo() {
  const meta = useQuery(metaQuery);
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#0f766e" />
        <path
          d="M7 25V10h18v15M7 14.5h18M16 10v9"
          fill="none"
          stroke="#fff"
          strokeWidth="2.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
        <circle cx="16" cy="21.5" r="2.6" fill="#fff" />
      </svg>
      {meta.data?.name ?? 'Gantry'}
    </span>
  );
}
