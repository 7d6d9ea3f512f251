// Starts and stops what a scenario needs: the real server on an empty folder and a free port, and
// Debian's Chromium. Whoever starts something here also ends it, also when the test fails.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { assertQuiet, watchPage } from './checks.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const ADMIN = {
    email: 'ada@example.org',
    password: 'nine-lanterns-over-harbour',
};

const READY_MS = 30_000;
const STOP_MS = 15_000;

function findBinary() {
    const target = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
    const places = ['release', 'debug'].map((profile) => path.join(target, profile, 'gantry'));
    const binary = process.env.GANTRY_BIN ?? places.find((place) => existsSync(place));
    if (!binary || !existsSync(binary)) {
        throw new Error(
            `no gantry binary at ${binary ?? places.join(' or ')}: cargo build -p gantry`,
        );
    }
    return binary;
}

async function findFreePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}

/** An empty folder that its server removes when it stops. */
export const makeFolder = () => mkdtemp(path.join(tmpdir(), 'gantry-e2e-'));

/** Runs a command of the binary to its end, and fails with what it said. */
export function runBinary(words, options = {}) {
    const done = spawnSync(findBinary(), words, {
        encoding: 'utf8',
        ...options,
    });
    if (done.status !== 0) {
        throw new Error(`gantry ${words.join(' ')}\n${done.error ?? done.stderr}`);
    }
    return done.stdout;
}

/**
 * Starts `gantry serve` in `folder`, an empty one if not given, with `config` as its `gantry.toml`;
 * resolves once it is ready. There is one administrator already, unless `isFresh`, who administers
 * without a second factor unless `administratorFactor` is `required`. People reach it under `host`:
 * passkeys belong to a name, never to an address.
 */
export async function startServer({
    config = '',
    folder: given,
    isFresh = false,
    administratorFactor = 'optional',
    host = '127.0.0.1',
} = {}) {
    const binary = findBinary();
    const folder = given ?? (await makeFolder());
    await writeFile(path.join(folder, 'gantry.toml'), config);
    if (!isFresh) createAdministrator(folder);

    const port = await findFreePort();
    const child = spawn(binary, ['serve', '--data-dir', folder, '--listen', `127.0.0.1:${port}`], {
        cwd: folder,
        env: {
            ...process.env,
            GANTRY__AUTH__ADMINISTRATOR_FACTOR: administratorFactor,
            GANTRY__SERVER__PUBLIC_URL: `http://${host}:${port}`,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = [];
    for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => log.push(chunk));
    }
    const server = {
        url: `http://${host}:${port}`,
        folder,
        readLog: () => Buffer.concat(log).toString(),
        stop: () => stopServer(child, folder),
    };
    try {
        await waitUntilReady(server, child);
    } catch (error) {
        await server.stop();
        throw error;
    }
    return server;
}

function createAdministrator(folder) {
    const words = [
        'admin',
        'create',
        '--data-dir',
        folder,
        '--email',
        ADMIN.email,
        '--password-stdin',
    ];
    runBinary(words, { cwd: folder, input: ADMIN.password });
}

async function waitUntilReady(server, child) {
    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline) {
        if (child.exitCode !== null || child.signalCode !== null) {
            throw new Error(`the server ended before it was ready\n${server.readLog()}`);
        }
        const ready = await fetch(`${server.url}/readyz`).then(
            (answer) => answer.ok,
            () => false,
        );
        if (ready) return requireApp(server);
        await sleep(50);
    }
    throw new Error(`the server was not ready within ${READY_MS} ms\n${server.readLog()}`);
}

/** A debug build has the app inside only if `web/dist` was built from the sources as they are. */
async function requireApp(server) {
    const page = await fetch(`${server.url}/app/`).then((answer) => answer.text());
    if (/not in this build/.test(page)) {
        throw new Error(
            'the web app is not in this binary: npm run build in web/, then cargo build',
        );
    }
}

async function stopServer(child, folder) {
    if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        await ended;
        clearTimeout(timer);
    }
    await rm(folder, { recursive: true, force: true });
    if (child.signalCode === 'SIGKILL') {
        throw new Error(`the server did not end within ${STOP_MS} ms of SIGTERM`);
    }
}

/** Starts the browser. It reaches this machine only, and says nothing to anybody. */
export async function startBrowser() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: [
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-domain-reliability',
            '--disable-sync',
            '--no-first-run',
            '--no-default-browser-check',
        ],
    });
}

/**
 * A fresh browser profile with one page that collects what goes wrong on it. The browser calls itself
 * `userAgent`, if given.
 */
export async function openPage(browser, server, { userAgent } = {}) {
    const context = await browser.newContext({
        baseURL: server.url,
        locale: 'en-GB',
        timezoneId: 'UTC',
        reducedMotion: 'reduce',
        acceptDownloads: true,
        userAgent,
    });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const troubles = await watchPage(page, server.url);
    return { context, page, troubles };
}

/** Signs the administrator in on the page that asks for it. */
export async function signIn(page, password = ADMIN.password) {
    await page.getByLabel(/^email/i).fill(ADMIN.email);
    await page.getByLabel(/^password/i).fill(password);
    await page.getByRole('button', { name: /^sign in$/i }).click();
}

/** Waits until an element with `data-state` has the state. */
export async function waitForState(locator, state, timeout) {
    await locator.and(locator.page().locator(`[data-state="${state}"]`)).waitFor({ timeout });
}

/**
 * Steps of one story in one browser. When a step fails, the server's log says more than the browser
 * knows, and the steps after it fail at once instead of waiting for what cannot come. Each step gets `server`,
 * `page`, `context` and `troubles`. `profile` is that of `openPage`.
 */
export function tellStory(start, profile) {
    const stage = {};
    let browser;
    let brokenAt;
    before(async () => {
        stage.server = await start();
        browser = await startBrowser();
        Object.assign(stage, await openPage(browser, stage.server, profile));
        // Before signing in the app asks who is there, and a wrong password is refused: both are
        // 401, which Chromium reports on the console.
        stage.troubles.expect(/Failed to load resource.*401/);
    });
    after(async () => {
        await stage.context?.close();
        await browser?.close();
        await stage.server?.stop();
    });
    return (name, body) =>
        test(name, async () => {
            assert.equal(brokenAt, undefined, 'an earlier step failed');
            try {
                await body(stage);
                assertQuiet(stage.troubles);
            } catch (error) {
                brokenAt = name;
                console.error(`--- at ${stage.page?.url()}; the server's last words:`);
                console.error(stage.server?.readLog().split('\n').slice(-40).join('\n'));
                throw error;
            }
        });
}
