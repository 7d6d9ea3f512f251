// Signs in by a passkey; where the browser or the page's address has none of it, the button stays hidden.
'use strict';

(() => {
    const panel = document.getElementById('passkey');
    const button = document.getElementById('passkey-button');
    const said = document.getElementById('passkey-problem');
    if (!panel || !button || !said || !window.PublicKeyCredential) return;
    // A passkey belongs to a name: browsers make and show none for an IP address.
    const host = window.location.hostname;
    if (host.startsWith('[') || /^\d+(\.\d+){3}$/.test(host)) return;

    const toBytes = (text) => {
        const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
        return Uint8Array.from(plain, (character) => character.charCodeAt(0));
    };
    const toText = (buffer) => {
        const plain = String.fromCharCode(...new Uint8Array(buffer));
        return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    };

    async function post(path, body) {
        const answer = await fetch(`/api/v1/auth/passkeys/${path}`, {
            method: 'POST',
            headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
            credentials: 'same-origin',
        });
        const told = await answer.json();
        if (!answer.ok) throw new Error([told.detail, told.next_step].filter(Boolean).join(' '));
        return told;
    }

    async function signIn() {
        const question = await post('sign-in/begin', {});
        const credential = await navigator.credentials.get({
            publicKey: {
                challenge: toBytes(question.challenge),
                rpId: question.rp_id,
                timeout: question.timeout_ms,
                userVerification: 'required',
            },
        });
        const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
        await post('sign-in', {
            credential_id: credential.id,
            client_data: toText(clientDataJSON),
            authenticator_data: toText(authenticatorData),
            signature: toText(signature),
            user_handle: toText(userHandle ?? new ArrayBuffer(0)),
        });
        window.location.assign(panel.dataset.next);
    }

    button.addEventListener('click', () => {
        button.disabled = true;
        said.hidden = true;
        signIn().catch((error) => {
            button.disabled = false;
            // Who closes the browser's window has changed their mind.
            if (error.name === 'NotAllowedError' || error.name === 'AbortError') return;
            said.textContent = error.message;
            said.hidden = false;
        });
    });
    panel.hidden = false;
})();
