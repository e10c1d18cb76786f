/**
 * The script of the page `/docs`, in plain browser JavaScript without dependencies. It inserts each text of the document as a text node, so no text can
 * become markup.
 */
export const DOCS_SCRIPT = String.raw`
'use strict';
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const el = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'onclick') made.addEventListener('click', value);
    else if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
};
const main = document.querySelector('main');
const address = document.body.dataset.document;

let api = {};
const resolve = (value) => {
  let found = value;
  for (let hops = 0; found && typeof found.$ref === 'string' && hops < 20; hops += 1) {
    if (!found.$ref.startsWith('#/')) return {};
    found = found.$ref.slice(2).split('/').map((part) => decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~'))
      .reduce((at, part) => (at && Object.hasOwn(at, part) ? at[part] : undefined), api);
  }
  return found || {};
};

/** An example value for a schema, which the reader can edit. */
const sample = (given, depth = 0) => {
  const schema = resolve(given);
  if (schema.example !== undefined) return schema.example;
  if (Array.isArray(schema.examples) && schema.examples.length) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (depth > 6) return null;
  const branch = (schema.anyOf || schema.oneOf || [])[0];
  if (branch) return sample(branch, depth + 1);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(part, depth + 1)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object' || schema.properties)
    return Object.fromEntries(Object.entries(schema.properties || {}).map(([name, value]) => [name, sample(value, depth + 1)]));
  if (type === 'array') return schema.items ? [sample(schema.items, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum || 0;
  if (type === 'boolean') return false;
  return type === 'string' ? (schema.format === 'date-time' ? '2026-01-31T12:00:00Z' : 'text') : null;
};

const typeOf = (given) => {
  const schema = resolve(given);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const branches = schema.anyOf || schema.oneOf;
  if (branches) return branches.map(typeOf).join(' | ');
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : schema.type || 'any';
  const limits = ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength', 'maxLength', 'pattern', 'minItems', 'maxItems']
    .filter((name) => schema[name] !== undefined).map((name) => name + ' ' + schema[name]);
  const inner = type === 'array' && schema.items ? ' of ' + typeOf(schema.items) : '';
  return type + inner + (limits.length ? ' (' + limits.join(', ') + ')' : '');
};

const json = (value) => el('pre', {}, typeof value === 'string' ? value : JSON.stringify(value, null, 2));
const block = (title, ...children) => el('section', {}, el('h4', {}, title), ...children);

const takesList = (given) => {
  const schema = resolve(given);
  return [schema.type].flat().includes('array') || (schema.anyOf || schema.oneOf || []).some(takesList);
};

function parametersOf(list) {
  const rows = list.map((parameter) => {
    const placeholder = parameter.in + (takesList(parameter.schema) ? ', may be a JSON list' : '');
    const input = el('input', { 'aria-label': parameter.name, placeholder });
    return { parameter, input, row: el('tr', {},
      el('td', {}, el('code', {}, parameter.name), parameter.required ? el('span', { class: 'needed', title: 'required' }, ' *') : ''),
      el('td', {}, parameter.in), el('td', {}, typeOf(parameter.schema || {})),
      el('td', {}, parameter.description || resolve(parameter.schema).description || '', input)) };
  });
  return { rows, table: el('table', {}, ...rows.map(({ row }) => row)) };
}

const isFile = (given) => {
  const { format, contentEncoding } = resolve(given);
  return format === 'binary' || contentEncoding === 'binary';
};
const fileInput = (name, several) => el('input', { type: 'file', 'aria-label': name, multiple: several ? '' : undefined });

/** The fields of a form. A list is written as JSON, and each of its items becomes a field. */
function formOf(schema, type) {
  const { properties = {}, required = [] } = resolve(schema);
  const fields = Object.entries(properties).map(([name, given]) => {
    const own = resolve(given);
    const isList = takesList(own);
    const isFiles = isFile(own) || (isList && isFile(own.items || {}));
    const input = isFiles ? fileInput(name, isList) : el('input', { 'aria-label': name, placeholder: isList ? 'a JSON list' : own.type === 'object' ? 'JSON' : '' });
    const row = el('tr', {}, el('td', {}, el('code', {}, name), required.includes(name) ? el('span', { class: 'needed', title: 'required' }, ' *') : ''),
      el('td', {}, isFiles ? 'file' : typeOf(given)), el('td', {}, given.description || own.description || '', input));
    return { name, input, isFiles, isList, row };
  });
  const content = () => {
    const form = type === 'multipart/form-data' ? new FormData() : new URLSearchParams();
    for (const { name, input, isFiles, isList } of fields) {
      if (isFiles) for (const file of input.files) form.append(name, file);
      else if (input.value !== '') for (const one of isList ? itemsIn(input.value) : [input.value]) form.append(name, one);
    }
    return form;
  };
  // The browser writes the type, because it chooses the boundary of the parts.
  return { header: undefined, content, input: el('table', {}, ...fields.map(({ row }) => row)) };
}

function itemsIn(text) {
  try {
    const list = JSON.parse(text);
    if (Array.isArray(list)) return list.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  } catch {}
  return [text];
}

function bodyOf(operation) {
  const content = resolve(operation.requestBody).content || {};
  const type = ['application/json', ...Object.keys(content)].find((name) => content[name]);
  if (type === undefined) return null;
  const { schema, example } = content[type];
  if (type === 'multipart/form-data' || type === 'application/x-www-form-urlencoded') return { type, schema, ...formOf(schema || {}, type) };
  if (type === 'application/octet-stream' || isFile(schema || {})) {
    const input = fileInput('request body', false);
    return { type, schema, input, header: type, content: () => input.files[0] };
  }
  const text = example === undefined ? sample(schema || {}) : example;
  const isText = type.startsWith('text/');
  const input = el('textarea', { 'aria-label': 'request body' });
  input.value = isText && typeof text === 'string' ? text : JSON.stringify(text, null, 2);
  return { type, schema, input, header: type, content: () => input.value };
}

function responsesOf(operation) {
  return Object.entries(operation.responses || {}).map(([status, given]) => {
    const response = resolve(given);
    const [type, media] = Object.entries(response.content || {})[0] || [];
    return el('div', {}, el('p', {}, el('code', {}, status), ' ', response.description || '', type ? ' – ' + type : ''),
      media && media.schema ? json(media.schema.$ref ? resolve(media.schema) : media.schema) : undefined);
  });
}

/** The URL of the application is the folder of the document. */
const base = () => new URL('.', new URL(address, location.href)).href.replace(/\/$/, '');

async function send(path, method, rows, body, output) {
  let url = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of rows) {
    if (parameter.in === 'path') url = url.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    else if (input.value === '') continue;
    else if (parameter.in === 'query')
      for (const one of takesList(parameter.schema) ? itemsIn(input.value) : [input.value]) query.append(parameter.name, one);
    else if (parameter.in === 'header') headers[parameter.name] = input.value;
  }
  if (body && body.header) headers['content-type'] = body.header;
  const text = [...query].length ? '?' + query : '';
  output.replaceChildren(json('…'));
  try {
    const answer = await fetch(base() + url + text, { method: method.toUpperCase(), headers, body: body ? body.content() : undefined });
    const received = await answer.text();
    let shown = received;
    try { shown = JSON.stringify(JSON.parse(received), null, 2); } catch {}
    output.replaceChildren(json(answer.status + ' ' + answer.statusText + '\n\n' + shown));
  } catch (error) {
    output.replaceChildren(json(String(error)));
  }
}

function operationOf(path, method, operation, shared) {
  const list = [...shared, ...(operation.parameters || [])].map(resolve);
  const { rows, table } = parametersOf(list);
  const body = bodyOf(operation);
  const output = el('div', { 'aria-live': 'polite' });
  return el('details', {},
    el('summary', {}, el('span', { class: 'method' }, method), el('code', { class: operation.deprecated ? 'deprecated' : undefined }, path), ' ', operation.summary || ''),
    el('div', {},
      operation.description ? el('p', {}, operation.description) : undefined,
      rows.length ? block('Parameters', table) : undefined,
      body ? block('Body – ' + body.type, body.schema ? el('details', {}, el('summary', {}, 'Schema'), json(resolve(body.schema))) : undefined, body.input) : undefined,
      el('button', { type: 'button', onclick: () => send(path, method, rows, body, output) }, 'Send'),
      output,
      block('Answers', ...responsesOf(operation))));
}

function show(given) {
  api = given;
  const { title = 'API', version = '', description = '' } = api.info || {};
  document.title = title;
  document.querySelector('h1').textContent = title + ' ' + version;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths || {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const tag = (operation.tags || [])[0] || '';
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationOf(path, method, operation, item.parameters || []));
    }
  }
  main.replaceChildren(description ? el('p', {}, description) : '',
    ...[...groups].flatMap(([tag, operations]) => [tag ? el('h2', {}, tag) : '', ...operations]),
    groups.size ? '' : el('p', {}, 'This application describes no operations.'));
}

fetch(address).then((answer) => answer.json()).then(show)
  .catch((error) => main.replaceChildren(el('p', {}, 'The document could not be read: ' + error)))
  .finally(() => main.removeAttribute('aria-busy'));
`;
