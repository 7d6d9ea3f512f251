// The checks themselves: a clean page under the product's policy passes, and every kind of trouble
// is found. Without this, a page could be "clean" because nobody looked.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { assertQuiet, checkViews } from './checks.mjs';
import { openPage, startBrowser } from './harness.mjs';

const POLICY = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'";

const document = (body, style = '') => `<!doctype html><html lang="en"><head><title>Page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>${style}</style></head><body><main><h1>Page</h1>${body}</main></body></html>`;

const PAGES = {
    '/clean': document('<p>Nothing to see.</p>'),
    '/contrast': document('<p style="color:#bbb;background:#fff">Faint.</p>'),
    '/wide': document('<p style="width:900px">Wide.</p>'),
    '/headings': document('<h1>Another</h1>'),
    '/inline': document('<script>window.x = 1;</script>'),
    '/missing': document('<script src="/not-there.js"></script>'),
    '/elsewhere': document('<a href="#x">x</a><img alt="" src="http://localhost:9/pixel.png">'),
};

let site;
let server;
let browser;

before(async () => {
    server = createServer((request, response) => {
        const page = PAGES[request.url];
        response.writeHead(page ? 200 : 404, {
            'content-type': 'text/html',
            'content-security-policy': POLICY,
        });
        response.end(page ?? 'not found');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    site = { url: `http://127.0.0.1:${server.address().port}` };
    browser = await startBrowser();
});

after(async () => {
    await browser?.close();
    server?.close();
});

async function look(path) {
    const { context, page, troubles } = await openPage(browser, site);
    try {
        await page.goto(path);
        await checkViews(page, troubles, `checks${path.replace('/', '-')}`);
        assertQuiet(troubles);
    } finally {
        await context.close();
    }
}

test('a clean page passes in every view', () => look('/clean'));

for (const [path, complaint] of [
    ['/contrast', /color-contrast/],
    ['/wide', /px wider than the screen/],
    ['/headings', /one h1, not 2/],
    ['/inline', /content security policy: script-src/],
    ['/missing', /console: Failed to load resource/],
    ['/elsewhere', /request to another host/],
]) {
    test(`trouble is found on ${path}`, () => assert.rejects(look(path), complaint));
}
