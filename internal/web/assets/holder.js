// Makes the keys of one request in this browser, keeps them here, and signs with
// them what only the holder may: giving access back.
//
// The private halves cannot be taken out of the browser, not by this page either:
// they are kept as keys and never as bytes, under the public key that the request
// names. What only a terminal can use, such as a login, they cannot be used for.

import { ask, base64, busy, hex, joined, Problem, say, string } from './act.js';

const utf8 = new TextEncoder();
const keptFor = 30 * 24 * 3600 * 1000;

// make makes the keys of one request, and the line of their public halves.
export async function make() {
  const ed25519 = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
  const x25519 = await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits']);
  const name = hex(await raw(ed25519.publicKey));
  return { name, ed25519, x25519, line: `halligan-holder ${name} ${hex(await raw(x25519.publicKey))}` };
}

// sshsig is the binary SSH signature of a message under a namespace.
export async function sshsig(keys, namespace, message) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', utf8.encode(message)));
  const rest = [string(utf8.encode(namespace)), string(new Uint8Array()), string(utf8.encode('sha512'))];
  const kind = string(utf8.encode('ssh-ed25519'));
  const made = await crypto.subtle.sign({ name: 'Ed25519' }, keys.privateKey, joined(utf8.encode('SSHSIG'), ...rest, string(digest)));
  return joined(
    utf8.encode('SSHSIG'), new Uint8Array([0, 0, 0, 1]), string(joined(kind, string(await raw(keys.publicKey)))),
    ...rest, string(joined(kind, string(new Uint8Array(made)))),
  );
}

async function raw(key) {
  return new Uint8Array(await crypto.subtle.exportKey('raw', key));
}

// act writes out, signs with the keys of the request, and sends.
async function act(form, fields) {
  const keys = await find(form.dataset.holder);
  if (!keys) throw new Problem('The keys of this request are not in this browser', 'Use the machine that has them, or stop the grant.');
  const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
  fields.set('nonce', nonce);
  const draft = await ask('/draft/' + form.dataset.holderAct, new URLSearchParams(fields));
  const written = JSON.parse(draft.statement);
  if (written.nonce !== nonce || written.kind !== form.dataset.holderAct || written.of !== fields.get('of')) throw new Problem('The draft is of another page', 'Load the page again.');
  const signature = { sshsig: base64(await sshsig(keys.ed25519, draft.namespace, draft.statement)) };
  await deliver(`{"statement":${draft.statement},"signature":${JSON.stringify(signature)}}`);
  return draft.done;
}

// deliver sends a signed statement until it is known what became of it.
async function deliver(text) {
  for (let tries = 1; ; tries++) {
    try {
      return await ask('/api/v1/statements', text);
    } catch (problem) {
      if (!problem.unknown || tries === 6) throw problem;
      await new Promise((over) => setTimeout(over, 250 * 2 ** tries));
    }
  }
}

// Where keys are kept.

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function kept(mode) {
  const open = indexedDB.open('halligan', 1);
  open.onupgradeneeded = () => open.result.createObjectStore('holders', { keyPath: 'name' });
  const base = await done(open);
  const change = base.transaction('holders', mode);
  change.oncomplete = () => base.close();
  return change.objectStore('holders');
}

async function keep(keys) {
  await done((await kept('readwrite')).put({ ...keys, made: Date.now() }));
}

async function find(name) {
  return done((await kept('readonly')).get(name));
}

async function forget() {
  const old = (await done((await kept('readonly')).getAll())).filter((each) => each.made < Date.now() - keptFor);
  for (const each of old) await done((await kept('readwrite')).delete(each.name));
}

// The page.

if (globalThis.window?.indexedDB) {
  const main = document.getElementById('main');
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-make-holder] button');
    if (button) makeHere(button);
  });
  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('form[data-holder]');
    if (!form) return;
    event.preventDefault();
    if (form.hasAttribute('data-busy')) return;
    busy(form, true);
    say(form, null);
    try {
      location.assign(await act(form, new FormData(form, event.submitter)));
    } catch (problem) {
      busy(form, false);
      say(form, problem);
    }
  });
  new MutationObserver(reveal).observe(main, { childList: true });
  await reveal();
  await forget().catch(() => {}); // it is tried again with the next page
}

// reveal shows what this browser can do.
async function reveal() {
  for (const each of document.querySelectorAll('[data-make-holder]')) each.hidden = false;
  for (const form of document.querySelectorAll('form[data-holder]')) {
    form.hidden = !await find(form.dataset.holder).catch(() => null);
  }
}

async function makeHere(button) {
  const place = button.closest('[data-make-holder]');
  const told = place.querySelector('[role=status]');
  button.disabled = true;
  try {
    const { line, ...keys } = await make();
    await keep(keys);
    const field = document.getElementById(place.dataset.makeHolder);
    field.value = line;
    field.readOnly = true;
    told.textContent = 'Made, and kept in this browser alone.';
  } catch {
    told.textContent = 'This browser cannot make such keys, or keeps nothing. Make them with halligan holder new.';
    button.disabled = false;
  }
}
