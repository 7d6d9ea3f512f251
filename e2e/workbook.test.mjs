// An Excel workbook, from the upload to what its uncertain cells come to.

import assert from 'node:assert/strict';
import path from 'node:path';

import { checkViews } from './checks.mjs';
import { ROOT, signIn, startServer, tellStory, waitForState } from './harness.mjs';

const WORKBOOK = path.join(ROOT, 'examples', 'project.xlsx');

const step = tellStory(startServer);

step('a workbook is uploaded, and is no table', async ({ page, troubles }) => {
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.getByTestId('nav-datasets').click();
    await page.getByTestId('upload-input').setInputFiles(WORKBOOK);
    const row = page.getByTestId('dataset-row').filter({ hasText: /project/ });
    await waitForState(row, 'ready', 30_000);
    await row.getByRole('link').first().click();
    await page.getByRole('link', { name: 'Simulate' }).waitFor();
    assert.equal(await page.getByTestId('dataset-profile').count(), 0);
    await checkViews(page, troubles, 'dataset-workbook');
});

/** Adds an entry to a list of the form. */
async function addTo(form, legend, text) {
    const list = form.getByRole('group', { name: legend });
    await list.getByRole('button', { name: 'Add one' }).click();
    await list.getByRole('textbox').last().fill(text);
}

step('its uncertain cells are drawn, and its outputs described', async ({ page, troubles }) => {
    await page.getByRole('link', { name: 'Simulate' }).click();
    const form = page.getByTestId('operation-form');
    await form.waitFor();
    await addTo(form, /^input/i, 'Inputs!B3=triangular(80000,100000,150000)');
    await addTo(form, /^output/i, 'Summary!B2');
    await page.getByTestId('job-cost').filter({ hasText: /\d/ }).waitFor();
    await checkViews(page, troubles, 'new-job-workbook');
    await page.getByTestId('submit-job').click();
    await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}/);
    await waitForState(page.getByTestId('job-state'), 'succeeded', 60_000);
    await page.getByText('histogram-1.svg').first().waitFor();
    await page.getByText('report.xlsx').first().waitFor();
    await checkViews(page, troubles, 'job-workbook');
});
