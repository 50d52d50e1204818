// Makes the keys of one request in this browser, keeps them here, and signs with
// them what only the holder may: fetching a link to a console, and giving access back.
//
// The private halves cannot be taken out of the browser, not by this page either:
// they are kept as keys and never as bytes, under the public key that the request
// names. What only a terminal can use, such as a login, they cannot be used for. A
// link is kept in memory, for as long as a popup blocker may need, and nowhere else.

import { link, opened } from './sealed.js';
import { ask, base64, busy, hex, joined, Problem, say, string } from './act.js';

const utf8 = new TextEncoder();
const keptFor = 30 * 24 * 3600 * 1000;
const linkFor = 60 * 1000;

// make makes the keys of one request, and the line of their public halves.
export async function make() {
  const ed25519 = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
  const p256 = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  const name = hex(await raw(ed25519.publicKey));
  return { name, ed25519, p256, line: `halligan-holder ${name} p256:${hex(await raw(p256.publicKey))}` };
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

// signed has a statement written out, and signs it with the keys of its request.
async function signed(kind, keys, fields) {
  const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
  fields.set('nonce', nonce);
  const draft = await ask('/draft/' + kind, new URLSearchParams(fields));
  const written = JSON.parse(draft.statement);
  const other = written.nonce !== nonce || written.kind !== kind || written.of !== fields.get('of') || draft.namespace !== 'halligan.v1.' + kind;
  if (other || (written.target ?? null) !== fields.get('target') || (written.console ?? false) !== (kind === 'fetch')) throw new Problem('The draft is of another page', 'Load the page again.');
  const signature = { sshsig: base64(await sshsig(keys.ed25519, draft.namespace, draft.statement)) };
  return { draft, text: `{"statement":${draft.statement},"signature":${JSON.stringify(signature)}}` };
}

// mine are the keys of the request that a form is about.
async function mine(form) {
  const keys = await find(form.dataset.holder);
  if (!keys) throw new Problem('The keys of this request are not in this browser', 'Use the machine or browser that has them, or stop the grant.');
  return keys;
}

// act writes out, signs with the keys of the request, and sends.
async function act(form, fields) {
  const { draft, text } = await signed(form.dataset.holderAct, await mine(form), fields);
  await deliver(text);
  return draft.done;
}

// Signing in to a console.

// visits is what is under way for each target, however often the page is drawn anew
// meanwhile: whether a link is fetched, one that came, and what is told of it.
const visits = new Map();

function visitOf(form) {
  const name = form.dataset.holder + ' ' + form.elements.target.value;
  if (!visits.has(name)) visits.set(name, { busy: false, link: null, told: '', problem: null });
  return visits.get(name);
}

// fetched gives a new link. It is asked for once: what answered and was lost on the
// way is nobody's, and pressing again fetches another.
async function fetched(form) {
  const keys = await mine(form);
  if (!keys.p256) throw new Problem('The keys of this request cannot open a link', 'They were made before browsers could: ask anew.');
  const { draft, text } = await signed('fetch', keys, new FormData(form));
  const taken = await ask('/api/v1/statements', text);
  const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(draft.statement))));
  try {
    const plain = await opened(taken.credential.sealed, keys.p256.privateKey, { kid: keys.name, request: form.elements.of.value, fetch: digest });
    return { ...link(plain), unwitnessed: taken.credential.unwitnessed };
  } catch {
    throw new Problem('What the server sent is not sealed to this browser for this', 'Open nothing. Stop the grant, and tell security');
  }
}

// visit fetches a link and opens it, or opens the one that is there.
async function visit(form) {
  const now = visitOf(form);
  if (now.busy) return;
  if (!now.link) {
    Object.assign(now, { busy: true, problem: null, told: 'The link is being made. It takes some seconds.' });
    dress();
    try {
      const got = await fetched(form);
      now.link = got;
      setTimeout(() => { if (now.link === got) Object.assign(now, { link: null, told: '' }); dress(); }, linkFor);
    } catch (problem) {
      Object.assign(now, { problem, told: '' });
    }
    now.busy = false;
  }
  if (now.link) leave(now);
  dress();
}

// leave opens the link in a tab that knows nothing of this page. A browser lets a page
// open tabs for some seconds after a press alone; later it needs another.
function leave(now) {
  const unseen = now.link.unwitnessed ? ' Its witnesses have not seen it yet.' : '';
  if (navigator.userActivation && !navigator.userActivation.isActive) {
    now.told = `The link is here. Press once more to open it.${unseen}`;
    return;
  }
  window.open(now.link.to, '_blank', 'noopener,noreferrer');
  now.told = `Opened in a new tab. If none came, press again within a minute.${unseen}`;
}

// dress shows in every form for a console how it stands.
function dress() {
  for (const form of document.querySelectorAll('form[data-holder-act=fetch]')) {
    const now = visitOf(form);
    form.setAttribute('aria-busy', String(now.busy));
    form.querySelector('button').disabled = now.busy;
    const place = form.querySelector('[role=status]');
    if (place.textContent !== now.told) place.textContent = now.told;
    if (form.querySelector('[role=alert]').hidden === Boolean(now.problem)) say(form, now.problem);
  }
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
    if (form.dataset.holderAct === 'fetch') return visit(form);
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
  for (const each of document.querySelectorAll('[data-no-holder]')) {
    each.hidden = !!await find(each.dataset.noHolder).catch(() => null);
  }
  dress();
}

// untick takes out of a form what keys of a browser can do nothing with, and says so.
function untick(form) {
  const off = [...form.querySelectorAll('[name=target]:checked')].filter((each) => each.dataset.browser === '');
  for (const each of off) each.checked = false;
  return off.length ? ` Unticked, as they can do nothing with it: ${off.map((each) => each.value).join(', ')}.` : '';
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
    told.textContent = 'Made, and kept in this browser alone.' + untick(button.form);
  } catch {
    told.textContent = 'This browser cannot make such keys, or keeps nothing. Make them with halligan holder new.';
    button.disabled = false;
  }
}
