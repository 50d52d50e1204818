// Signs what a form asks for with a passkey, and sends it.
//
// The server writes the statement out, this script demands its own nonce in it, the
// passkey signs exactly the bytes that an SSH signature of it signs, and the API
// takes it. Whoever presses the button trusts this page's host for what it showed.

const utf8 = new TextEncoder();

document.addEventListener('submit', (event) => {
  if (event.target.matches('form[data-out]')) {
    event.preventDefault();
    signOut(event.target);
    return;
  }
  const form = event.target.closest('form[data-act], form[data-act-each]');
  if (!form || event.submitter?.hasAttribute('formaction')) return; // a code signs without a script
  event.preventDefault();
  if (form.hasAttribute('data-busy')) return;
  if (form.dataset.actEach) runEach(form);
  else run(form, event.submitter);
});

// Of a form with several verdicts Enter in a field chooses none: its first button is
// no more meant than its last.
for (const pressed of ['keydown', 'keypress']) {
  document.addEventListener(pressed, (event) => {
    if (event.key === 'Enter' && event.target.matches('form[data-verdicts] input')) event.preventDefault();
  });
}

// signOut ends the session. Who leaves a machine must not be told that it is over
// before it is; one that had ended by itself is.
async function signOut(form) {
  say(form, null);
  const answer = await fetch(form.action, { method: 'POST', credentials: 'same-origin', redirect: 'error' }).catch(() => null);
  if (answer?.ok || answer?.status === 401) return location.assign('/sign-in');
  say(form, new Problem('You may still be signed in', 'Press it again. A session ends by itself fifteen minutes after it began.'));
}

// run signs and sends one form, and says in it what went wrong.
async function run(form, submitter) {
  const fields = new FormData(form, submitter); // before the buttons are disabled: one of them is a field
  busy(form, true);
  say(form, null);
  try {
    const done = await act(form.dataset.act, fields);
    location.assign(done);
  } catch (problem) {
    busy(form, false);
    say(form, problem);
  }
}

// runEach signs and sends the same for each thing that a form lists, one after
// another: each is a signature of its own. What the rules refuse keeps nothing else
// from being done; after what was not signed, pressing again goes on with the rest.
async function runEach(form) {
  busy(form, true);
  say(form, null);
  try {
    for (let next; (next = form.querySelector('input[name=of]:not(:disabled)')); next.disabled = true) {
      const row = next.closest('[data-of]');
      const fields = new FormData(form);
      fields.set('of', next.value);
      try {
        await act(form.dataset.actEach, fields);
        row.classList.add('done');
        came(row, 'Done.');
      } catch (problem) {
        if (!problem.refused) throw problem;
        row.classList.add('refused');
        came(row, sentence(problem.message));
      }
    }
    if (!form.querySelector('.refused')) return location.assign('/');
    busy(form, false);
    form.querySelector('button[type=submit]').hidden = true; // nothing is left to sign
  } catch (problem) {
    busy(form, false);
    say(form, problem);
  }
}

// came says what became of one thing of a list.
function came(row, text) {
  row.querySelector('[role=status]').textContent = text;
}

// act writes out, signs and sends a statement of a kind, and gives the page to go to.
export async function act(kind, fields) {
  if (!window.PublicKeyCredential) throw new Problem('This browser has no passkeys', 'Use the command line, or another browser.');
  const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
  fields.set('nonce', nonce);
  // The code of an invitation is made here and goes to nobody but whoever is invited:
  // the server gets its hash, and the next page gets it behind a #.
  const code = kind === 'invitation' && fields.get('act') === 'invite' ? crypto.getRandomValues(new Uint8Array(32)) : null;
  if (code) fields.set('of', hex(new Uint8Array(await crypto.subtle.digest('SHA-256', code))));
  const draft = await ask('/draft/' + kind, new URLSearchParams(fields));
  const written = JSON.parse(draft.statement);
  if (written.nonce !== nonce || (code && written.of !== fields.get('of'))) throw new Problem('The draft is of another page', 'Load the page again.');
  const assertion = await sign(draft);
  await send(draft.to ?? '/api/v1/statements', body(draft, assertion, kind === 'session'));
  return code ? draft.done + '#' + hex(code) : draft.done;
}

// sign has the passkey sign the bytes that an SSH signature over the statement signs.
async function sign(draft) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', utf8.encode(draft.statement)));
  const challenge = joined(utf8.encode('SSHSIG'), string(utf8.encode(draft.namespace)), string(new Uint8Array()), string(utf8.encode('sha512')), string(digest));
  let credential;
  try {
    credential = await navigator.credentials.get({ publicKey: { challenge, rpId: draft.rp, userVerification: 'required', timeout: 120000 } });
  } catch (error) {
    throw new Problem('Nothing was signed', whyNone(error, draft.rp, 'The passkey was not used. Press the button again when you are ready.'));
  }
  const { authenticatorData, clientDataJSON, signature } = credential.response;
  return { authenticator_data: base64(authenticatorData), client_data: base64(clientDataJSON), signature: base64(signature) };
}

// whyNone says what to do when the browser gave no passkey.
export function whyNone(error, cell, otherwise) {
  if (/certificate/i.test(error.message)) return 'This browser distrusts the certificate of this page, and gives it no passkey. Have it trust the authority of the cell, as halligan tls trust says, or use the command line';
  if (error.name === 'SecurityError') return `Passkeys belong to ${cell}: open this page by that name`;
  return error.name === 'NotAllowedError' ? otherwise : error.message;
}

// body is what the API takes. The statement goes in byte for byte: it was signed so.
function body(draft, passkey, session) {
  const rest = { signature: { passkey } };
  if (draft.notes) rest.notes = draft.notes;
  if (draft.files) rest.files = draft.files;
  if (session) rest.browser = true;
  return `{"${draft.as ?? 'statement'}":${draft.statement},${JSON.stringify(rest).slice(1)}`;
}

// send sends a signed statement until it is known what became of it: the same bytes
// are taken once, so that sending them again does no harm.
async function send(to, text) {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(to, text);
    } catch (problem) {
      if (!problem.unknown || tries === 6) throw problem;
      await new Promise((over) => setTimeout(over, 250 * 2 ** tries));
    }
  }
}

async function ask(address, content) {
  const headers = { Accept: 'application/json' };
  if (typeof content === 'string') headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(address, { method: 'POST', body: content, headers, credentials: 'same-origin', redirect: 'error' });
  } catch {
    throw new Problem('The server did not answer', 'It is not known whether it arrived. Look at the page again before you repeat it.', true);
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const problem = new Problem(told.detail || told.title || 'The server refused', told.hint, answer.status >= 500 && told.reason !== 'internal');
  if (told.reason === 'statement-expired') Object.assign(problem, { message: 'It was not taken: too long went by between the button and your passkey', hint: 'Nothing is lost: what you wrote stands here. Press the button again. If that does not help, the clock of this machine or of the server is wrong' });
  if (answer.status === 401 && /^token-/.test(told.reason)) Object.assign(problem, { message: 'Your session is over, and nothing was sent', hint: 'What you wrote stands here. Sign in again in another tab, then press the button here once more', signIn: true });
  problem.refused = [403, 404, 409].includes(answer.status);
  throw problem;
}

class Problem extends Error {
  constructor(what, hint, unknown = false) {
    super(what);
    this.hint = hint;
    this.unknown = unknown;
    this.refused = false; // by the rules: signing it again changes nothing
  }
}

function say(form, problem) {
  const place = form.querySelector('[role=alert]');
  if (!place) return;
  place.hidden = !problem;
  if (!problem) return;
  place.textContent = problem.hint ? `${sentence(problem.message)} ${sentence(problem.hint)}` : sentence(problem.message);
  if (problem.signIn) {
    const link = Object.assign(document.createElement('a'), { href: '/sign-in', target: '_blank', rel: 'noopener', textContent: 'Sign in in another tab' });
    place.append(' ', link);
  }
  place.scrollIntoView({ block: 'nearest' });
}

function sentence(text) {
  const one = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(one) ? one : one + '.';
}

function busy(form, on) {
  form.toggleAttribute('data-busy', on);
  form.setAttribute('aria-busy', String(on));
  for (const button of form.querySelectorAll('button[type=submit]')) button.disabled = on;
}

// The wire forms of SSH and of the API.

function string(bytes) {
  const out = new Uint8Array(4 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out.set(bytes, 4);
  return out;
}

function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function base64(buffer) {
  let text = '';
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export { ask, busy, hex, joined, Problem, say, string };
