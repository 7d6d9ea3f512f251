// A refusal of the API as an error with a cause, a next step and the request's id.

import type { ProblemBody } from './types';

export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | null;
  readonly nextStep: string | null;
  readonly requestId: string | null;
  readonly retryable: boolean;
  readonly fields: { pointer: string; message: string }[];
  readonly extra: ProblemBody;

  constructor(body: ProblemBody, status: number, requestId: string | null) {
    const title = body.title ?? `HTTP ${status}`;
    super(body.detail ?? title);
    this.name = 'ApiProblem';
    this.title = title;
    this.code = body.code ?? (status === 0 ? 'offline' : `http_${status}`);
    this.status = body.status ?? status;
    this.detail = body.detail ?? null;
    this.nextStep = body.next_step ?? null;
    this.requestId = body.request_id ?? requestId;
    this.retryable = body.retryable ?? (status === 0 || status >= 500);
    this.fields = Array.isArray(body.errors) ? body.errors : [];
    this.extra = body;
  }
}

/** Reads an answer that is no success; bodies that are no problem document still get a title. */
export function deriveProblem(status: number, text: string, requestId: string | null): ApiProblem {
  let body: ProblemBody = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) {
      body = parsed as ProblemBody;
    }
  } catch {
    // A proxy's page, or nothing: the status alone must do.
  }
  return new ApiProblem(body, status, requestId);
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof ApiProblem && error.status === 404;
