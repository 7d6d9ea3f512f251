import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { api } from './client';
import { ApiProblem } from './problem';
import type { Upload } from './types';
import { findMissingParts, fingerprint, hashFile, planParts, uploadFile } from './uploads';

describe('planParts', () => {
  test('covers every byte once, the last part being the rest', () => {
    expect(planParts(20, 8)).toEqual([
      { number: 1, start: 0, end: 8 },
      { number: 2, start: 8, end: 16 },
      { number: 3, start: 16, end: 20 },
    ]);
    expect(planParts(16, 8)).toHaveLength(2);
    expect(planParts(0, 8)).toEqual([]);
    expect(planParts(8, 0)).toEqual([]);
  });
});

describe('findMissingParts', () => {
  test('sends what is not there, and again what has another size', () => {
    const plan = planParts(20, 8);
    const part = (number: number, bytes: number) => ({ number, bytes, sha256: '' });
    expect(findMissingParts(plan, []).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(findMissingParts(plan, [part(1, 8), part(3, 4)]).map(({ number }) => number)).toEqual([
      2,
    ]);
    expect(findMissingParts(plan, [part(3, 8)]).map(({ number }) => number)).toEqual([1, 2, 3]);
  });
});

test('hashFile gives SHA-256 in hexadecimal', async () => {
  expect(await hashFile(new Blob(['abc']))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

/** Answers every part at once, but for those of which `fails` says so. */
class FakeRequest {
  static sent: { url: string; bytes: number }[] = [];
  static fails: (url: string) => number | null = () => null;
  status = 200;
  responseText = '{}';
  upload: { onprogress: ((event: { loaded: number }) => void) | null } = { onprogress: null };
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onabort: (() => void) | null = null;
  onloadend: (() => void) | null = null;
  private url = '';
  open(_method: string, url: string) {
    this.url = url;
  }
  setRequestHeader() {
    return undefined;
  }
  getResponseHeader() {
    return null;
  }
  abort() {
    this.onabort?.();
    this.onloadend?.();
  }
  send(body: Blob) {
    const status = FakeRequest.fails(this.url);
    this.status = status ?? 200;
    FakeRequest.sent.push({ url: this.url, bytes: body.size });
    this.upload.onprogress?.({ loaded: body.size });
    queueMicrotask(() => {
      this.onload?.();
      this.onloadend?.();
    });
  }
}

const PATH = '/api/v1/datasets/uploads/u1/parts/';

describe('uploadFile', () => {
  const file = new File(['x'.repeat(20)], 'table.csv', { lastModified: 1 });
  const upload: Upload = {
    id: 'u1',
    name: 'table',
    file_name: 'table.csv',
    bytes: 20,
    part_bytes: 8,
    parts: [],
    expires_at: '',
  };
  const options = () => ({ signal: new AbortController().signal, onProgress: vi.fn() });
  let calls: string[] = [];

  beforeEach(() => {
    calls = [];
    window.localStorage.clear();
    FakeRequest.sent = [];
    FakeRequest.fails = () => null;
    vi.stubGlobal('XMLHttpRequest', FakeRequest);
    vi.spyOn(api, 'send').mockImplementation((method, path) => {
      calls.push(`${method} ${path}`);
      return Promise.resolve(path === '/datasets/uploads' ? upload : { id: 'd1' }) as never;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  test('sends all parts in order and completes', async () => {
    const how = options();
    await uploadFile(file, how);
    expect(FakeRequest.sent).toEqual([
      { url: `${PATH}1`, bytes: 8 },
      { url: `${PATH}2`, bytes: 8 },
      { url: `${PATH}3`, bytes: 4 },
    ]);
    expect(how.onProgress).toHaveBeenLastCalledWith(20);
    expect(calls).toEqual(['POST /datasets/uploads', 'POST /datasets/uploads/u1/complete']);
    expect(window.localStorage.getItem('gantry-uploads')).toBe('{}');
  });

  test('takes up an upload that was left, and sends only what is missing', async () => {
    window.localStorage.setItem('gantry-uploads', JSON.stringify({ [fingerprint(file)]: 'u1' }));
    const arrived = [1, 3].map((number) => ({ number, bytes: number === 3 ? 4 : 8, sha256: '' }));
    vi.spyOn(api, 'get').mockResolvedValue({ ...upload, parts: arrived } as never);
    const how = options();
    await uploadFile(file, how);
    expect(how.onProgress).toHaveBeenNthCalledWith(1, 12);
    expect(FakeRequest.sent.map(({ url }) => url)).toEqual([`${PATH}2`]);
    expect(calls).toEqual(['POST /datasets/uploads/u1/complete']);
  });

  test('starts anew when the server has forgotten the upload', async () => {
    window.localStorage.setItem('gantry-uploads', JSON.stringify({ [fingerprint(file)]: 'old' }));
    vi.spyOn(api, 'get').mockRejectedValue(new ApiProblem({}, 404, null));
    await uploadFile(file, options());
    expect(calls[0]).toBe('POST /datasets/uploads');
    expect(FakeRequest.sent).toHaveLength(3);
  });

  test('repeats a part after a passing failure', async () => {
    let failures = 1;
    FakeRequest.fails = (url) => (url.endsWith('/2') && failures-- > 0 ? 503 : null);
    await uploadFile(file, options());
    const seconds = FakeRequest.sent.filter(({ url }) => url.endsWith('/2'));
    expect(seconds).toHaveLength(2);
  });

  test('gives up on a refusal and removes the upload', async () => {
    FakeRequest.fails = () => 422;
    await expect(uploadFile(file, options())).rejects.toMatchObject({ status: 422 });
    expect(FakeRequest.sent).toHaveLength(1);
    expect(calls).toContain('DELETE /datasets/uploads/u1');
  });

  test('cancelling removes the upload', async () => {
    const controller = new AbortController();
    controller.abort();
    const how = { signal: controller.signal, onProgress: vi.fn() };
    await expect(uploadFile(file, how)).rejects.toMatchObject({ name: 'AbortError' });
    expect(calls).toContain('DELETE /datasets/uploads/u1');
  });
});
