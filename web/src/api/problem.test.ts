import { describe, expect, test } from 'vitest';

import { ApiProblem, deriveProblem, isNotFound } from './problem';

describe('deriveProblem', () => {
  test('takes cause, next step, request and fields out of a problem document', () => {
    const problem = deriveProblem(
      402,
      JSON.stringify({
        title: 'Not enough credits',
        status: 402,
        code: 'insufficient_credits',
        detail: 'The job needs 42 credits, and 12 are available.',
        next_step: 'Wait for running jobs.',
        retryable: false,
        request_id: 'r-1',
        needed: 42,
      }),
      'r-header',
    );
    expect(problem).toBeInstanceOf(ApiProblem);
    expect(problem.code).toBe('insufficient_credits');
    expect(problem.message).toBe('The job needs 42 credits, and 12 are available.');
    expect(problem.nextStep).toBe('Wait for running jobs.');
    expect(problem.requestId).toBe('r-1');
    expect(problem.retryable).toBe(false);
    expect(problem.extra.needed).toBe(42);
  });

  test('keeps the pointers of wrong fields', () => {
    const errors = [{ pointer: '/folds', message: 'At least 2.' }];
    const problem = deriveProblem(422, JSON.stringify({ title: 'Wrong', errors }), null);
    expect(problem.fields).toEqual(errors);
  });

  test('makes something of a proxy page and of nothing', () => {
    const proxy = deriveProblem(502, '<html>Bad gateway</html>', 'r-2');
    expect(proxy.status).toBe(502);
    expect(proxy.retryable).toBe(true);
    expect(proxy.requestId).toBe('r-2');
    expect(deriveProblem(404, '', null).retryable).toBe(false);
    expect(deriveProblem(400, '[]', null).title).toBe('HTTP 400');
  });

  test('tells what is not found from what failed', () => {
    expect(isNotFound(deriveProblem(404, '{}', null))).toBe(true);
    expect(isNotFound(deriveProblem(500, '{}', null))).toBe(false);
    expect(isNotFound(new Error('x'))).toBe(false);
  });
});
