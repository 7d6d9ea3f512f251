// What every page is held to, in each of its views: nothing for axe to find, nothing wider than the
// screen, a title and one h1, no error on the console, no violation of the content security policy,
// no request to another host.

import assert from 'node:assert/strict';
import { readFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const ALL_RULES = {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
};
/** What can differ between two colour schemes of one page. */
const COLOUR_RULES = {
    type: 'rule',
    values: ['color-contrast', 'link-in-text-block'],
};

export const VIEWS = [
    { name: 'light', colorScheme: 'light', width: 1280, height: 900 },
    { name: 'dark', colorScheme: 'dark', width: 1280, height: 900 },
    { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
    { name: 'phone-dark', colorScheme: 'dark', width: 390, height: 844 },
];

/** Collects what goes wrong on a page from now on. `expect(pattern)` lets one kind pass. */
export async function watchPage(page, origin) {
    const troubles = { seen: [], expected: [] };
    const add = (text) => troubles.seen.push(text);
    troubles.expect = (pattern) => troubles.expected.push(pattern);

    page.on('console', (message) => {
        if (message.type() === 'error')
            add(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => add(`uncaught: ${error.stack ?? error}`));
    page.on('request', (request) => {
        const url = request.url();
        const isOurs = url.startsWith(origin) || /^(data|blob|about):/.test(url);
        if (!isOurs) add(`request to another host: ${url}`);
    });
    await page.exposeFunction('reportViolation', (text) => add(`content security policy: ${text}`));
    // Scripts given this way are not held to the page's policy, so axe needs no exception in it.
    await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
            window.reportViolation(
                `${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
            );
        });
    });
    await page.addInitScript({ content: await readFile(AXE, 'utf8') });
    return troubles;
}

/** Fails if anything went wrong that was not expected. */
export function assertQuiet(troubles) {
    const isNews = (text) => !troubles.expected.some((pattern) => pattern.test(text));
    assert.deepEqual(troubles.seen.filter(isNews), []);
}

/**
 * Looks at the page in every view, with a screenshot of each where `E2E_SHOTS` names a folder.
 * `exclude` names parts that axe leaves out: markup that is not ours. `only` names the views that
 * the state can be seen in.
 */
export async function checkViews(page, troubles, name, { exclude = [], only } = {}) {
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    for (const view of VIEWS.filter((view) => !only || only.test(view.name))) {
        await page.emulateMedia({ colorScheme: view.colorScheme });
        await page.setViewportSize({ width: view.width, height: view.height });
        await settle(page, view.colorScheme);
        await takeShot(page, `${name}-${view.name}`);
        await assertStructure(page, `${name}, ${view.name}`);
        const rules = view.colorScheme === 'dark' ? COLOUR_RULES : ALL_RULES;
        await assertAccessible(page, `${name}, ${view.name}`, {
            exclude,
            rules,
        });
    }
    await page.emulateMedia({ colorScheme: VIEWS[0].colorScheme });
    await page.setViewportSize({
        width: VIEWS[0].width,
        height: VIEWS[0].height,
    });
    await settle(page, VIEWS[0].colorScheme);
    assertQuiet(troubles);
}

/**
 * Waits until the page is there in the wished scheme and nothing moves: a page's code may still
 * be on its way, the app switches in a later frame than the browser, and a colour half-way between
 * two schemes has any contrast.
 */
async function settle(page, colorScheme) {
    const isShown = (wished) => {
        const shown = document.documentElement.dataset.mantineColorScheme;
        const isLoaded = document.querySelectorAll('h1').length === 1;
        return isLoaded && (shown === undefined || shown === wished);
    };
    // A page that never gets there is looked at as it is, and its faults are found below.
    await page.waitForFunction(isShown, colorScheme, { timeout: 5000 }).catch(() => undefined);
    await page.evaluate(async () => {
        await document.fonts.ready;
        const isFinite = (animation) =>
            Number.isFinite(animation.effect?.getComputedTiming().endTime);
        let quietFrames = 0;
        while (quietFrames < 3) {
            await new Promise((resolve) => requestAnimationFrame(resolve));
            const moving = document
                .getAnimations()
                .filter((animation) => animation.playState === 'running' && isFinite(animation));
            quietFrames = moving.length === 0 ? quietFrames + 1 : 0;
            await Promise.allSettled(moving.map((animation) => animation.finished));
        }
    });
}

async function takeShot(page, name) {
    const folder = process.env.E2E_SHOTS;
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    await page.screenshot({
        path: path.join(folder, `${name}.png`),
        fullPage: true,
    });
}

async function assertStructure(page, where) {
    const found = await page.evaluate(() => ({
        title: document.title,
        language: document.documentElement.lang,
        headings: document.querySelectorAll('h1').length,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
    }));
    assert.ok(found.title.trim(), `${where}: no title`);
    assert.ok(found.language, `${where}: no language`);
    assert.equal(found.headings, 1, `${where}: one h1, not ${found.headings}`);
    assert.ok(found.overflow <= 0, `${where}: ${found.overflow} px wider than the screen`);
}

/** axe on the page itself; a sandboxed report is another document and is looked at on its own. */
async function assertAccessible(page, where, { exclude, rules }) {
    const result = await page.evaluate(
        ({ exclude, rules }) =>
            window.axe.run(
                { include: document, exclude },
                {
                    runOnly: rules,
                    resultTypes: ['violations'],
                    iframes: false,
                },
            ),
        { exclude, rules },
    );
    const lines = result.violations.flatMap((violation) =>
        violation.nodes.map(
            (node) => `${violation.id}: ${node.target.join(' ')}\n    ${node.failureSummary}`,
        ),
    );
    assert.deepEqual(lines, [], `${where}: axe\n${lines.join('\n')}`);
}
