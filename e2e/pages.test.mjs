// Every page of the app in every state that a person may find it in.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { checkViews } from './checks.mjs';
import { ROOT, makeFolder, signIn, startServer, tellStory, waitForState } from './harness.mjs';

const STEPS = path.join(ROOT, 'e2e', 'fixtures', 'steps');
const IRIS = path.join(ROOT, 'examples', 'iris.csv');
const CONFIG = `
[engines]
external = ["${STEPS}"]
[plan]
concurrent_jobs = 1
`;

let folder;
const step = tellStory(async () => {
    folder = await makeFolder();
    return startServer({ config: CONFIG, folder });
});
const ending = () => path.join(folder, 'go-on');

step('a table on its way, and its page with two versions', async ({ page, troubles }) => {
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.getByTestId('nav-datasets').click();
    await page.getByTestId('upload-input').waitFor({ state: 'attached' });
    let release;
    const seen = new Promise((resolve) => {
        release = resolve;
    });
    await page.route('**/parts/*', async (route) => {
        await seen;
        await route.continue();
    });
    await page.getByTestId('upload-input').setInputFiles(IRIS);
    await page.getByText('iris.csv').first().waitFor();
    await checkViews(page, troubles, 'datasets-uploading');
    release();
    const row = page.getByTestId('dataset-row');
    await waitForState(row, 'ready', 60_000);
    await page.unroute('**/parts/*');
    await row.getByRole('link').first().click();
    await page.getByTestId('dataset-profile').waitFor();
    await page.locator('input[type="file"]').first().setInputFiles(IRIS);
    await page.getByLabel('Version', { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByTestId('dataset-profile').waitFor();
    await checkViews(page, troubles, 'dataset-versions');
    await page.goto('/app/datasets?q=nothing');
    await page.getByText(/no dataset matches/i).waitFor();
    await checkViews(page, troubles, 'datasets-no-match');
});

step(
    'a form in the order of its author, with what is wrong at its fields',
    async ({ page, troubles }) => {
        await page.goto('/app/jobs/new?operation=steps.wait');
        const form = page.getByTestId('operation-form');
        await form.waitFor();
        const labels = await form.locator('label').allInnerTexts();
        const words = labels.map((text) => text.split(/\W/)[0]);
        assert.deepEqual(
            words.filter((word) => /Zeal|Column|Until/.test(word)),
            ['Zeal', 'Column', 'Until'],
        );
        await form.getByLabel('Zeal').fill('12');
        await page.getByTestId('submit-job').click();
        await form.getByText(/at most 9/).waitFor();
        await form.getByText(/this is needed/i).waitFor();
        await checkViews(page, troubles, 'new-job-errors');
        await page.goto('/app/jobs/new?operation=no.such');
        await page.getByTestId('operation-card').first().waitFor();
        await checkViews(page, troubles, 'new-job-unknown');
    },
);

step("the data's columns are choices of an engine of one's own", async ({ page }) => {
    await page.goto('/app/jobs/new?operation=steps.wait');
    await page.getByTestId('dataset-select').selectOption({ index: 1 });
    const column = page.getByTestId('operation-form').getByLabel('Column');
    await column.selectOption('petal_width_cm');
    assert.deepEqual(await column.locator('option').allInnerTexts(), [
        'Choose…',
        'sepal_length_cm',
        'sepal_width_cm',
        'petal_length_cm',
        'petal_width_cm',
        'species',
    ]);
});

step('a job that runs, and one that waits for it', async ({ page, troubles }) => {
    await submitWait(page);
    const state = page.getByTestId('job-state');
    await waitForState(state, 'running', 30_000);
    await page.getByText('Two rows have gaps.').waitFor();
    await checkViews(page, troubles, 'job-running');
    const running = page.url();
    await submitWait(page);
    await waitForState(state, 'queued', 10_000);
    await checkViews(page, troubles, 'job-queued');
    await page.getByTestId('nav-jobs').click();
    await page.getByTestId('job-row').nth(1).waitFor();
    await checkViews(page, troubles, 'jobs-active');
    await writeFile(ending(), '');
    await page.goto(running);
    await waitForState(state, 'succeeded', 30_000);
    await checkViews(page, troubles, 'job-own-result');
});

async function submitWait(page) {
    await page.goto('/app/jobs/new?operation=steps.wait');
    await page.getByTestId('operation-form').getByLabel('Until').fill(ending());
    await page.getByTestId('job-cost').filter({ hasText: /\d/ }).waitFor();
    await page.getByTestId('submit-job').click();
    await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}/);
}

step('a job that failed says why, and home says that it did', async ({ page, troubles }) => {
    await page.goto('/app/jobs/new?operation=steps.fail');
    await page.getByTestId('job-cost').filter({ hasText: /\d/ }).waitFor();
    await page.getByTestId('submit-job').click();
    await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}/);
    await waitForState(page.getByTestId('job-state'), 'failed', 30_000);
    await page.getByText('Fill the gap, or leave the column out.').waitFor();
    await checkViews(page, troubles, 'job-failed');
    await page.getByTestId('nav-home').click();
    await page
        .getByText(/has no value in line 7/)
        .first()
        .waitFor();
    await checkViews(page, troubles, 'app-home-concerns');
    await page.goto('/app/jobs?state=failed');
    await page.getByTestId('job-row').first().waitFor();
    await checkViews(page, troubles, 'jobs-filtered');
    await page.goto('/app/jobs?q=nothing');
    await page.getByText(/no job matches/i).waitFor();
    await checkViews(page, troubles, 'jobs-no-match');
});

step('the account, its sessions and the installation', async ({ page, troubles }) => {
    for (const [nav, name] of [
        ['account', 'account'],
        ['sessions', 'sessions'],
        ['admin', 'admin'],
    ]) {
        await page.getByTestId(`nav-${nav}`).click();
        await page.locator('.panel').first().waitFor();
        await checkViews(page, troubles, name);
    }
});

step('an API key is made, shown once, and listed', async ({ page, troubles }) => {
    await page.getByTestId('nav-keys').click();
    await page.getByText(/you have no api key/i).waitFor();
    await checkViews(page, troubles, 'keys-empty');
    await page
        .getByRole('button', { name: /new key/i })
        .first()
        .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^name/i).fill('nightly training');
    await checkViews(page, troubles, 'keys-dialog');
    await dialog.getByRole('button', { name: /create key/i }).click();
    await dialog.getByText(/copy the key now/i).waitFor();
    await checkViews(page, troubles, 'keys-created');
    await dialog.getByRole('button', { name: /i have copied it/i }).click();
    await page.getByText('nightly training').first().waitFor();
    await checkViews(page, troubles, 'keys');
});

step(
    'what lies above the page: palette, account menu, navigation of a phone',
    async ({ page, troubles }) => {
        await page.goto('/app/');
        await page.getByTestId('nav-home').waitFor();
        await page.keyboard.press('Control+k');
        await page.getByPlaceholder(/search pages/i).fill('iris');
        await page.getByText('iris', { exact: false }).first().waitFor();
        await checkViews(page, troubles, 'palette');
        await page.keyboard.press('Escape');
        await page.getByTestId('user-menu').click();
        await page.getByTestId('sign-out').waitFor();
        await checkViews(page, troubles, 'user-menu');
        await page.keyboard.press('Escape');
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByTestId('nav-menu').click();
        await page.getByTestId('nav-datasets').waitFor();
        await checkViews(page, troubles, 'drawer', { only: /phone/ });
    },
);

step('an address that leads nowhere, and a page that breaks', async ({ page, troubles }) => {
    await page.goto('/app/no/such/page');
    await page.getByRole('heading', { level: 1, name: /not found/i }).waitFor();
    await checkViews(page, troubles, 'app-not-found');
    await page.route('**/api/v1/admin/overview', (route) => route.fulfill({ json: {} }));
    await page.goto('/app/admin');
    troubles.expect(/TypeError|console: /);
    await page.getByRole('heading', { level: 1, name: /broke/i }).waitFor();
    await checkViews(page, troubles, 'crash');
});
