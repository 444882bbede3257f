// @directus/sdk as a child process: `node sdk.mjs URL FOLDER`, where the SDK is installed in FOLDER.
// It reads {op, arguments} and writes {value} or {code, status}, as JSON, one a line.
import { openAsBlob } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , url, folder] = process.argv;
const installed = createRequire(join(folder, 'x.js'));
const d = await import(pathToFileURL(installed.resolve('@directus/sdk')));
const version = parseInt(installed('@directus/sdk/package.json').version);
const client = d.createDirectus(url).with(d.rest()).with(d.authentication('json'));
const ask = (command) => client.request(command);

const ops = {
  // Since version 20 it takes an object.
  login: async ({ email, password }) => {
    await (version < 20 ? client.login(email, password) : client.login({ email, password }));
  },
  token: () => client.getToken(),
  refresh: async () => { await client.refresh(); },
  logout: () => client.logout(),
  me: ({ fields }) => ask(d.readMe({ fields })),
  read: ({ collection, query }) => ask(d.readItems(collection, query)),
  search: ({ collection, query }) => ask(d.withSearch(d.readItems(collection, query))),
  aggregate: ({ collection, query: { aggregate, groupBy, ...query } }) =>
    ask(d.aggregate(collection, { aggregate, groupBy, query })),
  get: ({ collection, key, fields }) => ask(d.readItem(collection, key, { fields })),
  create: ({ collection, row }) => ask(d.createItem(collection, row)),
  create_many: ({ collection, rows }) => ask(d.createItems(collection, rows)),
  update: ({ collection, key, row }) => ask(d.updateItem(collection, key, row)),
  update_many: ({ collection, keys, row }) => ask(d.updateItems(collection, keys, row)),
  update_each: ({ collection, rows }) => ask(d.updateItemsBatch(collection, rows)),
  delete: ({ collection, key }) => ask(d.deleteItem(collection, key)),
  delete_many: ({ collection, keys }) => ask(d.deleteItems(collection, keys)),
  permissions: () => ask(d.readUserPermissions()),
  row_permissions: ({ collection, key }) => ask(d.readItemPermissions(collection, key)),
  collections: () => ask(d.readCollections()),
  fields: ({ collection }) => ask(d.readFieldsByCollection(collection)),
  relations: ({ collection }) => ask(d.readRelationByCollection(collection)),
  files: ({ query }) => ask(d.readFiles(query)),
  upload: async ({ path, title }) => {
    const form = new FormData();
    form.append('title', title);
    form.append('file', await openAsBlob(path, { type: 'application/pdf' }), basename(path));
    return ask(d.uploadFiles(form));
  },
  update_file: ({ key, row }) => ask(d.updateFile(key, row)),
  delete_file: ({ key }) => ask(d.deleteFile(key)),
  download: async ({ key }) =>
    Buffer.from(await ask(d.readAssetArrayBuffer(key))).toString('base64'),
  download_private: (given) => ops.download(given),
};

async function answer(op, given) {
  try {
    return { value: (await ops[op](given)) ?? null };
  } catch (error) {
    if (!error.errors) return { failed: String(error.stack ?? error) };
    return { code: error.errors[0].extensions.code, status: error.response.status };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { op, arguments: given } = JSON.parse(line);
  console.log(JSON.stringify(op in ops ? await answer(op, given) : { lacks: op }));
}
