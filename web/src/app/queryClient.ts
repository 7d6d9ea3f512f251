// How answers are kept: fresh for a short while, tried again only where that may help, and a lost
// session leads to sign-in.

import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { goToSignIn } from '../api/client';
import { ApiProblem } from '../api/problem';

const RETRIES = 2;

function followSignOut(error: Error): void {
  if (error instanceof ApiProblem && error.code === 'not_signed_in') goToSignIn();
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: followSignOut }),
    mutationCache: new MutationCache({ onError: followSignOut }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (count, error) =>
          count < RETRIES && (!(error instanceof ApiProblem) || error.retryable),
      },
    },
  });
}
