// What the mock server refuses, in the form of the API's problems.

export class Refusal extends Error {
  constructor(status, code, detail, extra = {}) {
    super(detail);
    Object.assign(this, { status, code, extra });
  }
}

export function find(list, id) {
  const found = list.find((item) => item.id === id);
  if (!found) throw new Refusal(404, 'not_found', 'It does not exist, or is not yours.');
  return found;
}
