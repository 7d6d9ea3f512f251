// An engine of one's own in each language that `gantry engine new` knows: from the command to a
// finished job in the web app, with nothing written but one line of configuration.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { checkViews } from './checks.mjs';
import { makeFolder, runBinary, signIn, startServer, tellStory, waitForState } from './harness.mjs';

// What the author changes in the new program: the work takes long enough to be watched.
const LANGUAGES = [
    {
        lang: 'python',
        file: 'engine.py',
        after: '    send("progress", run, fraction=0.5)',
        work: '    import time; time.sleep(3)',
    },
    {
        lang: 'bash',
        file: 'engine.sh',
        after: '\\"fraction\\":0.5}"',
        work: '      sleep 3',
    },
    {
        lang: 'js',
        file: 'engine.mjs',
        after: '    send("progress", run, { fraction: 0.5 });',
        work: '    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);',
    },
];

const step = tellStory(async () => {
    const folder = await makeFolder();
    for (const { lang, file, after, work } of LANGUAGES) {
        runBinary(['engine', 'new', `my_${lang}`, '--lang', lang], {
            cwd: folder,
        });
        runBinary(['engine', 'check', `my_${lang}`], { cwd: folder });
        const program = path.join(folder, `my_${lang}`, file);
        const source = await readFile(program, 'utf8');
        assert.ok(source.includes(after), `${file} has the line "${after}"`);
        await writeFile(program, source.replace(after, `${after}\n${work}`));
    }
    const folders = LANGUAGES.map(({ lang }) => `"my_${lang}"`).join(', ');
    return startServer({
        folder,
        config: `[engines]\nexternal = [${folders}]\n`,
    });
});

step('the engines stand beside those that are built in', async ({ page, troubles }) => {
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.getByTestId('nav-new-job').click();
    await page.getByTestId('operation-card').first().waitFor();
    const found = page.getByTestId('operation-card');
    const names = await found.evaluateAll((cards) => cards.map((card) => card.dataset.operation));
    for (const { lang } of LANGUAGES) assert.ok(names.includes(`my_${lang}.greet`), `${names}`);
    await checkViews(page, troubles, 'new-job-own-engines');
});

for (const { lang } of LANGUAGES) {
    step(`${lang}: the form, the price, the progress and the result`, async ({ page }) => {
        await page.getByTestId('nav-new-job').click();
        const card = page.getByTestId('operation-card');
        await card.and(page.locator(`[data-operation="my_${lang}.greet"]`)).click();
        const name = page.getByTestId('operation-form').getByLabel(/^name\b(?! of)/i);
        assert.equal(await name.inputValue(), 'world', 'the default stands in the form');
        await name.fill(`Ada "${lang}"`);
        await page.getByTestId('job-cost').filter({ hasText: /^1\b/ }).waitFor();
        await page.getByTestId('submit-job').click();
        await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}/);
        const state = page.getByTestId('job-state');
        await waitForState(state, 'running', 30_000);
        const half = page.getByRole('progressbar').and(page.locator('[aria-valuenow="50"]'));
        await half.first().waitFor({ timeout: 10_000 });
        await waitForState(state, 'succeeded', 30_000);
        await page.getByText(`Hello, Ada "${lang}"!`).waitFor();
    });
}

step('the jobs stand in the list with what they cost', async ({ page }) => {
    await page.getByTestId('nav-jobs').click();
    const rows = page.getByTestId('job-row').and(page.locator('[data-state="succeeded"]'));
    await rows.nth(LANGUAGES.length - 1).waitFor();
    assert.equal(await rows.count(), LANGUAGES.length);
});
