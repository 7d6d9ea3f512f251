// The first minutes with an installation: set it up, try sample data, see a result. And what a
// stranger sees: the public pages, the problems, the API's pages, and registration.

import assert from 'node:assert/strict';

import { checkViews } from './checks.mjs';
import { ADMIN, startServer, tellStory, waitForState } from './harness.mjs';

const JOB_MS = 240_000;
/** From the first page to a result; a person takes longer, and has three minutes. */
const FIRST_VALUE_MS = 180_000;

const step = tellStory(() => startServer({ isFresh: true }));
let begun;

step('a fresh installation leads to its setup', async ({ page, troubles }) => {
    await page.goto('/');
    await checkViews(page, troubles, 'home-fresh');
    await page
        .getByRole('link', { name: /set up/i })
        .first()
        .click();
    await page.waitForURL('**/setup');
    await checkViews(page, troubles, 'setup');
});

step('the problems that the API answers with are explained', async ({ page, troubles }) => {
    await page.getByRole('link', { name: /problem codes/i }).click();
    await checkViews(page, troubles, 'problems');
    await page.getByRole('link', { name: 'not_found', exact: true }).click();
    await checkViews(page, troubles, 'problem');
    troubles.expect(/Failed to load resource.*404/);
    await page.goto('/no/such/page');
    await checkViews(page, troubles, 'public-not-found');
});

step('the API can be tried from its own pages', async ({ page, troubles }) => {
    await page.goto('/api/docs/');
    await page.getByText('/api/v1/jobs', { exact: true }).first().waitFor();
    await checkViews(page, troubles, 'api-docs', { exclude: ['.swagger-ui'] });
});

step(
    'a wrong setup token is refused, the right one makes the administrator',
    async ({ server, page, troubles }) => {
        begun = Date.now();
        await page.goto('/setup?token=wrong');
        await fillIn(page, { name: 'Ada Lovelace', ...ADMIN });
        await page.getByRole('button', { name: /create/i }).click();
        troubles.expect(/Failed to load resource.*403/);
        await page.getByRole('alert').waitFor();
        await checkViews(page, troubles, 'setup-refused');
        const [token] = server.readLog().match(/(?<=\/setup\?token=)[\w-]+/) ?? [];
        assert.ok(token, 'the server says where to set it up');
        await page.goto(`/setup?token=${token}`);
        await fillIn(page, { name: 'Ada Lovelace', ...ADMIN });
        await page.getByRole('button', { name: /create/i }).click();
        await page.waitForURL('**/app/**');
    },
);

async function fillIn(page, { name, email, password }) {
    await page.getByLabel(/^your name/i).fill(name);
    await page.getByLabel(/^email/i).fill(email);
    await page.getByLabel(/^password/i).fill(password);
}

step('every empty page says what to do next', async ({ page, troubles }) => {
    await page.getByTestId('try-sample').waitFor();
    await checkViews(page, troubles, 'app-home-empty');
    for (const [nav, name] of [
        ['jobs', 'jobs-empty'],
        ['datasets', 'datasets-empty'],
    ]) {
        await page.getByTestId(`nav-${nav}`).click();
        await page.waitForURL(`**/app/${nav}`);
        await page.getByTestId('try-sample').waitFor();
        await checkViews(page, troubles, name);
    }
});

step(
    'sample data lead to a filled-in form, and the form to a result',
    async ({ page, troubles }) => {
        await page.getByTestId('sample-card').and(page.locator('[data-sample="iris"]')).click();
        await page.waitForURL('**/app/jobs/new?**');
        const form = page.getByTestId('operation-form');
        await form.waitFor();
        const target = form.getByLabel(/^target/i).first();
        await page.waitForFunction(
            (field) => field.value === 'species',
            await target.elementHandle(),
            { timeout: 10_000 },
        );
        await page.getByTestId('job-cost').filter({ hasText: /\d/ }).waitFor();
        await checkViews(page, troubles, 'new-job-sample');
        await page.getByTestId('submit-job').click();
        await waitForState(page.getByTestId('job-state'), 'succeeded', JOB_MS);
        await page.getByTestId('leaderboard').waitFor();
        const taken = Date.now() - begun;
        assert.ok(taken < FIRST_VALUE_MS, `the first value took ${taken} ms`);
    },
);

step('the same sample again is the same dataset', async ({ page }) => {
    await page.getByTestId('nav-datasets').click();
    assert.equal(await page.getByTestId('dataset-row').count(), 1);
    const id = await page.evaluate(async () => {
        const cookies = Object.fromEntries(
            document.cookie.split('; ').map((pair) => pair.split('=')),
        );
        const csrf = Object.entries(cookies).find(([name]) => /csrf/.test(name))?.[1];
        const headers = csrf ? { 'X-CSRF-Token': decodeURIComponent(csrf) } : {};
        const answer = await fetch('/api/v1/samples/iris', {
            method: 'POST',
            headers,
        });
        return (await answer.json()).id;
    });
    const link = page.getByTestId('dataset-row').getByRole('link').first();
    assert.match((await link.getAttribute('href')) ?? '', new RegExp(id));
});

step(
    'a stranger may register where the installation lets strangers in',
    async ({ context, page, troubles }) => {
        await context.clearCookies();
        await page.goto('/register');
        await checkViews(page, troubles, 'register');
        await fillIn(page, {
            name: 'Grace Hopper',
            email: ADMIN.email,
            password: 'nanoseconds-are-short',
        });
        await page.getByRole('button', { name: /create/i }).click();
        troubles.expect(/Failed to load resource.*409/);
        await page.getByRole('alert').waitFor();
        await checkViews(page, troubles, 'register-refused');
        await fillIn(page, {
            name: 'Grace Hopper',
            email: 'grace@example.org',
            password: 'nanoseconds-are-short',
        });
        await page.getByRole('button', { name: /create/i }).click();
        await page.waitForURL('**/app/**');
        await page.getByTestId('nav-home').first().waitFor();
        assert.equal(
            await page.getByTestId('nav-admin').count(),
            0,
            'no administration for others',
        );
    },
);
