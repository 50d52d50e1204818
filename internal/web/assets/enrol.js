// Makes a passkey for whoever has the code of an invitation, and offers it. The code
// stands behind the # of the address, so that no server and no log gets it with the
// page; it goes in the body of two requests, and no cookie goes with them.

import { whyNone } from './act.js';

const utf8 = new TextEncoder();
const place = (name) => document.getElementById('enrol-' + name);
const code = location.hash.slice(1);

if (place('make')) start();
if (place('address')) {
  // The page of whoever invited: the address is shown here once.
  if (/^[0-9a-f]{64}$/.test(code)) {
    place('address').value = new URL('/enrol#' + code, location.origin).href;
    place('shown').hidden = false;
    place('gone').hidden = true;
  }
  history.replaceState(null, '', location.pathname);
}

async function start() {
  if (!/^[0-9a-f]{64}$/.test(code)) return say('There is no whole code in this address.', 'Open the address exactly as it was given to you.');
  if (!window.PublicKeyCredential) return say('This browser has no passkeys.', 'Use another browser, or a phone.');
  let invitation;
  try {
    invitation = await ask('/api/v1/enrol/look', { code });
  } catch (problem) {
    return say(problem.message, problem.hint);
  }
  const name = invitation.name?.text || invitation.person;
  for (const each of document.querySelectorAll('.enrol-person')) each.textContent = name === invitation.person ? name : `${name} (${invitation.person})`;
  place('by').textContent = invitation.by;
  place('cell').textContent = invitation.cell;
  place('genesis').textContent = invitation.genesis.slice(0, 16);
  place('until').textContent = new Date(invitation.until).toLocaleString();
  place('known').hidden = false;
  place('code').value = code;
  place('code-line').hidden = true;
  place('make').addEventListener('click', () => make(invitation, name));
}

// make has the browser make the passkey: discoverable, with the person verified, and
// of the one algorithm that the cell takes.
async function make(invitation, name) {
  const button = place('make');
  button.disabled = true;
  say('');
  try {
    const made = await create(invitation, name);
    const offer = await ask('/api/v1/enrol', {
      code, attestation: base64(made.response.attestationObject), client_data: base64(made.response.clientDataJSON),
    });
    history.replaceState(null, '', location.pathname);
    place('words').textContent = offer.words.join(' ');
    place('fingerprint').textContent = offer.fingerprint;
    place('known').hidden = true;
    place('done').hidden = false;
    place('done').querySelector('h2').focus();
  } catch (problem) {
    say(problem.message, problem.hint);
    button.disabled = false;
  }
}

async function create(invitation, name) {
  try {
    return await navigator.credentials.create({
      publicKey: {
        rp: { id: invitation.cell, name: invitation.cell },
        user: { id: utf8.encode(invitation.person), name: invitation.person, displayName: name },
        challenge: Uint8Array.from(atob(invitation.challenge), (each) => each.charCodeAt(0)),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        attestation: 'direct', timeout: 120000,
      },
    });
  } catch (error) {
    throw problemOf('No passkey was made.', whyNone(error, invitation.cell, 'Press the button again when you are ready'));
  }
}

async function ask(address, content) {
  let answer;
  try {
    answer = await fetch(address, { method: 'POST', body: JSON.stringify(content), headers: { 'Content-Type': 'application/json' }, credentials: 'omit', redirect: 'error' });
  } catch {
    throw problemOf('The server did not answer.', 'Try again in a moment.');
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw problemOf(told.detail || told.title || 'The server refused.', told.hint);
  return told;
}

function problemOf(what, hint) {
  return Object.assign(new Error(what), { hint });
}

function say(what, hint) {
  const alert = place('alert');
  const sentence = (text) => (text ? text.charAt(0).toUpperCase() + text.slice(1).replace(/[.]?$/, '.') : '');
  alert.hidden = !what;
  alert.textContent = [sentence(what), sentence(hint)].filter(Boolean).join(' ');
}

function base64(buffer) {
  let text = '';
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
