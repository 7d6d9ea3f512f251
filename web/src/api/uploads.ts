// Uploads in parts: what is to be sent, what is already there, and the sending. A part that arrived
// is never sent twice, also after the page was closed.

import { API, api } from './client';
import { ApiProblem, deriveProblem } from './problem';
import type { Dataset, Upload, UploadPart } from './types';

const HASH_UP_TO_BYTES = 64 * 1024 * 1024;
const ATTEMPTS = 3;
const RETRY_MS = 1_000;
const MEMORY_KEY = 'gantry-uploads';

export interface PlannedPart {
  number: number;
  start: number;
  end: number;
}

/** All parts of a file; numbers begin at 1. */
export function planParts(bytes: number, partBytes: number): PlannedPart[] {
  if (partBytes <= 0) return [];
  const parts: PlannedPart[] = [];
  for (let start = 0; start < bytes; start += partBytes) {
    parts.push({ number: parts.length + 1, start, end: Math.min(start + partBytes, bytes) });
  }
  return parts;
}

/** The parts that the server lacks, or has with another size. */
export function findMissingParts(plan: PlannedPart[], arrived: UploadPart[]): PlannedPart[] {
  const sizes = new Map(arrived.map((part) => [part.number, part.bytes]));
  return plan.filter((part) => sizes.get(part.number) !== part.end - part.start);
}

/** The same file, picked again, gives the same text. */
export const fingerprint = (file: File): string => `${file.name}|${file.size}|${file.lastModified}`;

type Memory = Record<string, string>;

function readMemory(): Memory {
  try {
    return JSON.parse(window.localStorage.getItem(MEMORY_KEY) ?? '{}') as Memory;
  } catch {
    return {};
  }
}

function remember(file: File, uploadId: string | null): void {
  const memory = readMemory();
  if (uploadId) memory[fingerprint(file)] = uploadId;
  else Reflect.deleteProperty(memory, fingerprint(file));
  try {
    window.localStorage.setItem(MEMORY_KEY, JSON.stringify(memory));
  } catch {
    // Without storage, an upload cannot be resumed after a reload; nothing else is lost.
  }
}

/** SHA-256 in hexadecimal; null for big files and where the browser has no WebCrypto. */
export async function hashFile(file: Blob): Promise<string | null> {
  // Missing on plain http away from localhost, whatever the types say.
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (!subtle || file.size > HASH_UP_TO_BYTES) return null;
  const digest = await subtle.digest('SHA-256', await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function findEarlier(file: File): Promise<Upload | null> {
  const id = readMemory()[fingerprint(file)];
  if (!id) return null;
  try {
    const upload = await api.get<Upload>(`/datasets/uploads/${id}`);
    return upload.bytes === file.size ? upload : null;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return null;
    throw error;
  }
}

const nameOf = (file: File): string => file.name.replace(/\.[a-z0-9]+$/i, '') || file.name;

async function begin(file: File, datasetId: string | undefined): Promise<Upload> {
  const earlier = datasetId ? null : await findEarlier(file);
  if (earlier) return earlier;
  const sha256 = await hashFile(file);
  const upload = await api.send<Upload>('POST', '/datasets/uploads', {
    body: {
      name: nameOf(file),
      file_name: file.name,
      bytes: file.size,
      ...(sha256 ? { sha256 } : {}),
      ...(datasetId ? { dataset_id: datasetId } : {}),
    },
  });
  remember(file, upload.id);
  return upload;
}

function sendPart(
  url: string,
  body: Blob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('PUT', url);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    for (const [name, value] of Object.entries(api.changeHeaders())) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status < 300) resolve();
      else {
        const requestId = request.getResponseHeader('x-request-id');
        reject(deriveProblem(request.status, request.responseText, requestId));
      }
    };
    request.onerror = () => reject(new ApiProblem({}, 0, null));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else request.send(body);
  });
}

async function sendWithRetry(send: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const again = error instanceof ApiProblem && error.retryable && attempt < ATTEMPTS;
      if (!again) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
    }
  }
}

export interface UploadOptions {
  datasetId?: string;
  signal: AbortSignal;
  onProgress: (sent: number) => void;
}

/** Sends what the server lacks and completes the upload. Cancelling removes it from the server. */
export async function uploadFile(file: File, options: UploadOptions): Promise<Dataset> {
  const upload = await begin(file, options.datasetId);
  const path = `/datasets/uploads/${upload.id}`;
  try {
    const plan = planParts(file.size, upload.part_bytes);
    const missing = findMissingParts(plan, upload.parts);
    let sent = file.size - missing.reduce((sum, part) => sum + part.end - part.start, 0);
    options.onProgress(sent);
    for (const part of missing) {
      const body = file.slice(part.start, part.end);
      const before = sent;
      await sendWithRetry(() =>
        sendPart(`${API}${path}/parts/${part.number}`, body, options.signal, (bytes) =>
          options.onProgress(before + bytes),
        ),
      );
      sent = before + body.size;
      options.onProgress(sent);
    }
    const dataset = await api.send<Dataset>('POST', `${path}/complete`);
    remember(file, null);
    return dataset;
  } catch (error) {
    const cancelled = error instanceof DOMException && error.name === 'AbortError';
    const refused = error instanceof ApiProblem && !error.retryable;
    if (cancelled || refused) {
      remember(file, null);
      await api.send('DELETE', path).catch(() => undefined);
    }
    throw error;
  }
}
