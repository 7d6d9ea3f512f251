// Workflows and models in the web app: built step by step, run, changed, and the model asked.

import assert from 'node:assert/strict';

import path from 'node:path';

import { checkViews } from './checks.mjs';
import { ROOT, signIn, startServer, tellStory, waitForState } from './harness.mjs';

const IRIS = path.join(ROOT, 'examples', 'iris.csv');
const step = tellStory(startServer);

const TRAIN = { target: 'species', algorithms: ['decision_tree'], folds: 2 };

step('pages without a workflow or a model say what to do', async ({ page, troubles }) => {
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.getByTestId('nav-models').click();
    await page.getByText(/there is no model yet/i).waitFor();
    await checkViews(page, troubles, 'models-empty');
    await page.getByTestId('nav-workflows').click();
    await page.getByText(/there is no workflow yet/i).waitFor();
    await checkViews(page, troubles, 'workflows-empty');
    await page.getByTestId('nav-datasets').click();
    await page.getByTestId('upload-input').setInputFiles(IRIS);
    await waitForState(page.getByTestId('dataset-row'), 'ready', 60_000);
});

step('steps are added, and what is wrong stands beside them', async ({ page, troubles }) => {
    await page.getByTestId('nav-workflows').click();
    await page.getByTestId('new-workflow').click();
    await page.getByLabel(/^name/i).fill('Train and score');
    const add = page.getByTestId('flow-add');
    for (const [operation, node] of [
        ['', 'data'],
        ['automl.train', 'train'],
    ]) {
        await add.selectOption(operation);
        await page.getByRole('button', { name: 'Add step' }).click();
        await page.locator(`[data-node="${node}"]`).waitFor();
    }
    const data = page.locator('[data-node="data"]');
    await data.getByLabel(/^dataset/i).selectOption({ label: 'iris' });
    const train = page.locator('[data-node="train"]');
    await train.getByText(/parameter target is missing/i).waitFor();
    await train.getByText(/nothing fills its input data/i).waitFor();
    await checkViews(page, troubles, 'workflow-to-mend');
    await train.getByLabel(/table with the target column/i).selectOption('data');
    await page.getByTestId('flow-soundness').and(page.locator('[data-sound="false"]')).waitFor();
});

step('the text says the same and can say more', async ({ page, troubles }) => {
    await page.getByRole('button', { name: 'Show as text' }).click();
    const text = page.getByLabel('The workflow as JSON');
    const definition = JSON.parse(await text.inputValue());
    assert.deepEqual(definition.edges, [{ from: 'data', to: 'train.data' }]);
    definition.nodes[1].params = TRAIN;
    definition.nodes.push({ id: 'score', operation: 'automl.predict' });
    definition.edges.push(
        { from: 'train.model', to: 'score.model' },
        { from: 'data', to: 'score.data' },
    );
    await text.fill(JSON.stringify(definition, null, 2));
    await page.getByTestId('flow-soundness').and(page.locator('[data-sound="true"]')).waitFor();
    await checkViews(page, troubles, 'workflow-text');
    await page.getByRole('button', { name: 'Show as list' }).click();
    await page.locator('[data-node="score"]').waitFor();
    await page.getByTestId('flow-save').click();
    await page.getByRole('heading', { level: 1, name: 'Train and score' }).waitFor();
    await checkViews(page, troubles, 'workflow');
});

step('a run is watched, and the next one uses what did not change', async ({ page, troubles }) => {
    await page.getByTestId('flow-run').click();
    await page.waitForURL(/\/app\/workflows\/runs\//);
    await waitForState(page.getByTestId('run-state'), 'succeeded', 120_000);
    const nodes = page.getByTestId('flow-node');
    const states = () => nodes.evaluateAll((rows) => rows.map((row) => row.dataset.state));
    assert.deepEqual(await states(), ['ready', 'succeeded', 'succeeded']);
    await checkViews(page, troubles, 'workflow-run');
    const first = page.url();
    await page.getByTestId('flow-again').click();
    await page.waitForURL((url) => url.href !== first);
    await waitForState(page.getByTestId('run-state'), 'succeeded', 60_000);
    assert.deepEqual(await states(), ['ready', 'reused', 'reused']);
    await page.getByTestId('nav-workflows').click();
    await page.getByTestId('workflow-row').waitFor();
    await checkViews(page, troubles, 'workflows');
});

step('the model is named, asked and compared', async ({ page, troubles }) => {
    await page.getByTestId('nav-models').click();
    await page.getByTestId('model-row').getByRole('link').click();
    await page.getByLabel(/^name/i).fill('flowers');
    await page.getByLabel(/^tags/i).fill('live, iris');
    await page.getByTestId('model-save').click();
    await page.getByRole('heading', { level: 1, name: 'flowers v1' }).waitFor();
    const rows = [
        { sepal_length_cm: 5, sepal_width_cm: 3.4, petal_length_cm: 1.5, petal_width_cm: 0.2 },
    ];
    await page.getByLabel('Rows as JSON').fill(JSON.stringify({ rows }));
    await page.getByTestId('model-predict').click();
    await page.getByTestId('model-answer').getByText('setosa').first().waitFor();
    await checkViews(page, troubles, 'model');
    await page.getByRole('link', { name: 'Compare models' }).click();
    await page.getByTestId('compared-row').waitFor();
    await checkViews(page, troubles, 'models-compared');
    await page.goto('/app/models?tag=live');
    await page.getByTestId('model-row').waitFor();
    await checkViews(page, troubles, 'models');
    await page.goto('/app/models?tag=none');
    await page.getByText(/no model matches/i).waitFor();
});
