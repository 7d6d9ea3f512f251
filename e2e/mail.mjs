// Mails that the server wrote into its folder.

import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;

/** The text of a message's plain part (RFC 2045). */
export function readPlainText(message) {
    const begin = message.indexOf('text/plain');
    if (begin < 0) throw new Error('the message has no plain text');
    // The part's headers may stand before and after its type.
    const part = message.slice(message.lastIndexOf('\r\n--', begin));
    const head = part.slice(0, part.indexOf('\r\n\r\n'));
    const rest = part.slice(head.length + 4);
    const body = rest.slice(0, rest.indexOf('\r\n--'));
    const encoding = /content-transfer-encoding:\s*(\S+)/i.exec(head)?.[1]?.toLowerCase();
    if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
    if (encoding !== 'quoted-printable') return body;
    const bytes = body
        .replace(/=\r?\n/g, '')
        .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Waits for the newest mail to an address, and answers the path and query of its link. */
export async function waitForLink(server, recipient, page) {
    const folder = path.join(server.folder, 'mail');
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
        const names = await readdir(folder).catch(() => []);
        const sorted = names.filter((name) => name.endsWith('.eml')).toSorted().toReversed();
        for (const name of sorted) {
            const message = await readFile(path.join(folder, name), 'utf8');
            if (!message.includes(`To: ${recipient}\r\n`)) continue;
            const link = readPlainText(message).match(/https?:\/\/\S+/)?.[0];
            if (link?.includes(`/${page}?`)) return link.slice(new URL(link).origin.length);
        }
        await sleep(100);
    }
    throw new Error(`no mail to ${recipient} with a link to /${page}`);
}
