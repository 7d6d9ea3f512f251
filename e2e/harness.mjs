// Starts and stops what a scenario needs: the real server on an empty folder and a free port, and
// Debian's Chromium. Whoever starts something here also ends it, also when the test fails.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { watchPage } from './checks.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const ADMIN = { email: 'ada@example.org', password: 'correct-horse-battery-staple' };

const READY_MS = 30_000;
const STOP_MS = 15_000;

function findBinary() {
    const target = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
    const places = ['release', 'debug'].map((profile) => path.join(target, profile, 'gantry'));
    const binary = process.env.GANTRY_BIN ?? places.find((place) => existsSync(place));
    if (!binary || !existsSync(binary)) {
        throw new Error(`no gantry binary at ${binary ?? places.join(' or ')}: cargo build -p gantry`);
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

/** Starts `gantry serve` on an empty folder with one administrator; resolves once it is ready. */
export async function startServer() {
    const binary = findBinary();
    const folder = await mkdtemp(path.join(tmpdir(), 'gantry-e2e-'));
    createAdministrator(binary, folder);

    const port = await findFreePort();
    const child = spawn(binary, ['serve', '--data-dir', folder, '--listen', `127.0.0.1:${port}`], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = [];
    for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => log.push(chunk));
    }
    const server = {
        url: `http://127.0.0.1:${port}`,
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

function createAdministrator(binary, folder) {
    const words = ['admin', 'create', '--data-dir', folder, '--email', ADMIN.email, '--password-stdin'];
    const made = spawnSync(binary, words, { cwd: folder, input: ADMIN.password, encoding: 'utf8' });
    if (made.status !== 0) {
        throw new Error(`gantry ${words.join(' ')}\n${made.error ?? made.stderr}`);
    }
}

async function waitUntilReady(server, child) {
    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline) {
        if (child.exitCode !== null || child.signalCode !== null) {
            throw new Error(`the server ended before it was ready\n${server.readLog()}`);
        }
        const ready = await fetch(`${server.url}/readyz`).then((answer) => answer.ok, () => false);
        if (ready) return;
        await sleep(50);
    }
    throw new Error(`the server was not ready within ${READY_MS} ms\n${server.readLog()}`);
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

/** A fresh browser profile with one page that collects what goes wrong on it. */
export async function openPage(browser, server) {
    const context = await browser.newContext({
        baseURL: server.url,
        locale: 'en-GB',
        timezoneId: 'UTC',
        reducedMotion: 'reduce',
        acceptDownloads: true,
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const troubles = await watchPage(page, server.url);
    return { context, page, troubles };
}
