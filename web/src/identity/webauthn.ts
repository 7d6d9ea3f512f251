// The browser's side of passkeys: bytes travel in URL-safe base 64.

import type { PasskeyCreation } from '../api/types';

export const hasPasskeys = (): boolean => 'PublicKeyCredential' in window;

/** Whether a host, as browsers write it, is an IP address: a passkey belongs to a name. */
export const isAddress = (host: string): boolean =>
  host.startsWith('[') || /^\d+(\.\d+){3}$/.test(host);

/** Who closes the browser's window has changed their mind. */
export const isChangeOfMind = (error: unknown): boolean =>
  error instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(error.name);

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

export function toText(buffer: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Asks the authenticator for a passkey; answers what the server wants to see of it. */
export async function createCredential(creation: PasskeyCreation) {
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: toBytes(creation.challenge),
      rp: { id: creation.rp_id, name: creation.rp_name },
      user: {
        id: toBytes(creation.user_handle),
        name: creation.user_name,
        displayName: creation.display_name,
      },
      pubKeyCredParams: creation.algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: creation.exclude.map((id) => ({ type: 'public-key', id: toBytes(id) })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      timeout: creation.timeout_ms,
    },
  });
  const { response } = credential as PublicKeyCredential;
  return {
    client_data: toText(response.clientDataJSON),
    attestation: toText((response as AuthenticatorAttestationResponse).attestationObject),
  };
}
