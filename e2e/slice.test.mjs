// One job, from a file to a result, as a person does it: sign in, upload a table, choose an
// operation, see its cost, watch it, read the leaderboard and the report, take the model home.

import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import { checkViews } from './checks.mjs';
import { ROOT, signIn, startServer, tellStory, waitForState } from './harness.mjs';

const TABLE = path.join(ROOT, 'examples', 'german_credit.csv');
const TABLE_NAME = /german_credit/;
const JOB_MS = 240_000;

const step = tellStory(startServer);

step('the public page says what this is and leads to sign-in', async ({ page, troubles }) => {
    await page.goto('/');
    await checkViews(page, troubles, 'home-public');
    await page
        .getByRole('link', { name: /sign in/i })
        .first()
        .click();
    await page.waitForURL('**/sign-in**');
    await checkViews(page, troubles, 'sign-in');
});

step(
    'a wrong password is refused with a reason, the right one leads in',
    async ({ page, troubles }) => {
        await signIn(page, 'not the password');
        await page
            .getByRole('alert')
            .filter({ hasText: /password|sign/i })
            .first()
            .waitFor();
        await checkViews(page, troubles, 'sign-in-refused');
        await signIn(page);
        await page.waitForURL('**/app**');
        await checkViews(page, troubles, 'home');
    },
);

step('a table is uploaded and profiled', async ({ page, troubles }) => {
    await page.getByTestId('nav-datasets').click();
    await page.waitForURL('**/app/datasets');
    await checkViews(page, troubles, 'datasets-empty');
    await page.getByTestId('upload-input').setInputFiles(TABLE);
    const row = page.getByTestId('dataset-row').filter({ hasText: TABLE_NAME });
    await waitForState(row, 'ready', 60_000);
    await checkViews(page, troubles, 'datasets');
    await row.getByRole('link').first().click();
    const profile = page.getByTestId('dataset-profile');
    await profile.waitFor();
    for (const column of ['credit_amount', 'purpose', 'risk']) {
        await profile.getByText(column, { exact: true }).first().waitFor();
    }
    await checkViews(page, troubles, 'dataset');
});

step(
    'the form comes from the operation, and says what the job will cost',
    async ({ page, troubles }) => {
        await page.getByTestId('nav-new-job').click();
        const card = page
            .getByTestId('operation-card')
            .and(page.locator('[data-operation="automl.train"]'));
        await card.waitFor();
        await checkViews(page, troubles, 'new-job-operations');
        await card.click();
        await chooseDataset(page);
        const form = page.getByTestId('operation-form');
        await chooseTarget(page, form, 'risk');
        await page.getByTestId('job-cost').filter({ hasText: /\d/ }).waitFor();
        await checkViews(page, troubles, 'new-job');
    },
);

async function chooseDataset(page) {
    const control = page.getByTestId('dataset-select');
    if ((await control.evaluate((element) => element.tagName)) === 'SELECT') {
        const option = control.locator('option').filter({ hasText: TABLE_NAME }).first();
        await control.selectOption(await option.getAttribute('value'));
    } else {
        await control.click();
        await page.getByRole('option', { name: TABLE_NAME }).first().click();
    }
}

/** The target is typed, or picked from the dataset's columns. */
async function chooseTarget(page, form, column) {
    const field = form.getByLabel(/^target/i).first();
    if ((await field.evaluate((element) => element.tagName)) === 'SELECT') {
        await field.selectOption(column);
        return;
    }
    const isPicker = (await field.getAttribute('aria-haspopup')) === 'listbox';
    if (isPicker) {
        await field.click();
        await page.getByRole('option', { name: column, exact: true }).click();
    } else {
        await field.fill(column);
    }
}

step('the job is live while it runs, and succeeds', async ({ page, troubles }) => {
    await page.getByTestId('submit-job').click();
    await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}/);
    const state = page.getByTestId('job-state');
    await state.waitFor();
    await page.getByTestId('job-stages').waitFor();
    await waitForState(state, 'succeeded', JOB_MS);
    await page.getByTestId('leaderboard').waitFor();
    for (const panel of ['job-stages', 'job-metrics', 'job-log']) {
        await page.getByTestId(panel).first().waitFor({ state: 'attached' });
    }
    await checkViews(page, troubles, 'job-result');
});

step('the leaderboard compares a linear model and a forest by numbers', async ({ page }) => {
    const rows = page.getByTestId('leaderboard').locator('tbody tr');
    assert.ok((await rows.count()) >= 2, 'at least two candidates');
    const text = (await rows.allInnerTexts()).join('\n');
    assert.match(text, /forest/i);
    assert.match(text, /logistic|linear/i);
    for (const line of await rows.allInnerTexts()) {
        assert.match(line, /0\.\d+/, `a score in "${line}"`);
    }
});

step('the report shows in a frame that can do nothing else', async ({ page }) => {
    const frame = page.getByTestId('report-frame');
    await frame.waitFor();
    const sandbox = await frame.getAttribute('sandbox');
    assert.notEqual(sandbox, null, 'the frame is sandboxed');
    assert.doesNotMatch(sandbox, /allow-same-origin|allow-top-navigation|allow-forms/);
    await frame.contentFrame().getByRole('heading').first().waitFor();
});

step('the artifacts come home whole', async ({ page }) => {
    const rows = page.getByTestId('artifact-row');
    assert.ok((await rows.count()) >= 2, 'a model and a report at least');
    for (const row of await rows.all()) {
        const name = await row.getAttribute('data-name');
        const link = row.getByTestId('artifact-download');
        const address = new URL(await link.getAttribute('href'), page.url());
        const answer = await page.request.get(address.href);
        assert.equal(answer.status(), 200, name);
        assert.ok((await answer.body()).length > 0, `${name} is not empty`);
        // A browser asks before a page gives it more than ten files.
        if (name.endsWith('.html') || name.startsWith('model.')) await download(page, link, name);
    }
});

async function download(page, link, name) {
    const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
    const path = await file.path();
    assert.ok((await stat(path)).size > 0, `${name} is not empty`);
    if (name.endsWith('.html')) assertSelfContained(await readFile(path, 'utf8'), name);
}

/** The report must look the same on a machine without this server and without a network. */
function assertSelfContained(html, name) {
    assert.match(html, /^<!doctype html>/i, name);
    const outside = html.match(/(?:src|href)\s*=\s*["'](?!data:|#|mailto:)[^"']*["']/gi) ?? [];
    const loading = outside.filter((reference) => !/^href/i.test(reference));
    assert.deepEqual(loading, [], `${name} loads nothing`);
    assert.doesNotMatch(html, /<link[^>]+rel=["']?stylesheet/i, `${name} has its own styles`);
}

step('the job stands in the list, and a reload keeps everything', async ({ page, troubles }) => {
    const address = page.url();
    await page.reload();
    await waitForState(page.getByTestId('job-state'), 'succeeded', 15_000);
    await page.getByTestId('leaderboard').waitFor();
    await page.getByTestId('nav-jobs').click();
    const row = page.getByTestId('job-row').and(page.locator('[data-state="succeeded"]')).first();
    await row.waitFor();
    await checkViews(page, troubles, 'jobs');
    await row.getByRole('link').first().click();
    await page.waitForURL(address);
});

step('a second job can be cancelled', async ({ page, troubles }) => {
    await page.getByTestId('nav-new-job').click();
    await page
        .getByTestId('operation-card')
        .and(page.locator('[data-operation="automl.train"]'))
        .click();
    await chooseDataset(page);
    await chooseTarget(page, page.getByTestId('operation-form'), 'risk');
    // A search runs as long as it is told.
    await page.getByTestId('operation-form').getByLabel('Time', { exact: true }).fill('60s');
    await page.getByTestId('submit-job').click();
    await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}/);
    await page.getByTestId('job-cancel').click();
    const question = page.getByRole('dialog');
    await question.getByRole('button', { name: 'Cancel job', exact: true }).click();
    await waitForState(page.getByTestId('job-state'), 'cancelled', 15_000);
    await checkViews(page, troubles, 'job-cancelled');
});

step('an address that leads nowhere says so', async ({ page, troubles }) => {
    await page.goto('/app/jobs/00000000-0000-7000-8000-000000000000');
    troubles.expect(/Failed to load resource.*404/);
    await page
        .getByText(/not found|no such|does not exist/i)
        .first()
        .waitFor();
    await checkViews(page, troubles, 'job-not-found');
});

step('the keyboard alone gets to the content', async ({ page }) => {
    await page.goto('/app/datasets');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    assert.match(await focused.innerText(), /skip/i, 'the first stop is the skip link');
});

step('signing out ends the session', async ({ context, page }) => {
    await page.getByTestId('user-menu').click();
    await page.getByTestId('sign-out').click();
    await page.waitForURL('**/sign-in**');
    const me = await context.request.get('/api/v1/auth/me');
    assert.equal(me.status(), 401);
});
