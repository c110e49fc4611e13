// @ts-check
// Passkeys and security keys: the one thing on these pages that a browser does for a script alone (WebAuthn).

/** What the service refused, in the reader's words. */
class Refusal extends Error {
  /** @param {{code: string, detail: string}} answer */
  constructor(answer) {
    super(answer.detail);
    this.code = answer.code;
  }
}

/** @param {ArrayBuffer} bytes @returns {string} base64url without padding, as the interface writes bytes */
function encode(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text @returns {Uint8Array} */
function decode(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

/**
 * @param {string} path @param {object} body
 * @returns {Promise<any>} the answer; a refusal is thrown
 */
async function post(path, body) {
  const response = await fetch(`${path}?language=${document.documentElement.lang}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

/** @param {{id: string}[]} known @returns {any[]} keys by the bytes of their identifiers */
function withBytes(known) {
  return known.map((key) => ({ ...key, id: decode(key.id) }));
}

/** @param {HTMLElement} place @returns {Promise<string[]>} the recovery codes that came with a first factor */
async function enrol(place) {
  const name = /** @type {HTMLInputElement} */ (document.getElementById("key-name")).value.trim();
  const { id, options } = await post("/v1/challenges", { purpose: "enrolment" });
  const made = /** @type {PublicKeyCredential | null} */ (
    await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: decode(options.challenge),
        user: { ...options.user, id: decode(options.user.id) },
        excludeCredentials: withBytes(options.excludeCredentials ?? []),
      },
    })
  );
  if (made === null) throw new DOMException("", "NotAllowedError");
  const answer = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  const added = await post("/v1/factors/webauthn", {
    id: place.dataset.id,
    name,
    challenge: id,
    client_data: encode(answer.clientDataJSON),
    attestation: encode(answer.attestationObject),
  });
  return added.recovery_codes;
}

/** @param {string} purpose @returns {Promise<object>} the assertion of a key, as the interface takes it */
async function assert(purpose) {
  const { id, options } = await post("/v1/challenges", { purpose });
  const given = /** @type {PublicKeyCredential | null} */ (
    await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: decode(options.challenge),
        allowCredentials: withBytes(options.allowCredentials ?? []),
      },
    })
  );
  if (given === null) throw new DOMException("", "NotAllowedError");
  const answer = /** @type {AuthenticatorAssertionResponse} */ (given.response);
  return {
    challenge: id,
    credential: encode(given.rawId),
    client_data: encode(answer.clientDataJSON),
    authenticator_data: encode(answer.authenticatorData),
    signature: encode(answer.signature),
  };
}

/** @param {HTMLElement} place @returns {Promise<string[]>} */
async function prove(place) {
  if (place.dataset.passkey === "second_factor") {
    await post("/v1/sessions/current/second-factor", { assertion: await assert("second_factor") });
  } else {
    // A key that asks its owner for nothing goes with the password, where he has typed it.
    const password = /** @type {HTMLInputElement} */ (document.getElementById("password")).value;
    await post("/v1/sessions/current/proof", { password: password || null, assertion: await assert("proof") });
  }
  return [];
}

/** @param {string[]} codes */
function showCodes(codes) {
  const list = /** @type {HTMLElement} */ (document.getElementById("codes"));
  list.replaceChildren(
    ...codes.map((code) => {
      const item = document.createElement("li");
      item.textContent = code;
      return item;
    }),
  );
  for (const part of document.querySelectorAll("[data-before]")) part.setAttribute("hidden", "");
  const after = /** @type {HTMLElement} */ (document.getElementById("recovery"));
  after.hidden = false;
  /** @type {HTMLElement} */ (after.querySelector("h1")).focus();
}

/** @param {HTMLElement} place @param {unknown} error @returns {string} what went wrong, in the reader's words */
function words(place, error) {
  if (error instanceof Refusal) {
    // The interface has one text for whatever proof was wrong; here it was a key.
    return error.code === "session.wrong_proof" ? (place.dataset.refused ?? "") : error.message;
  }
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return place.dataset.cancelled ?? "";
  if (name === "InvalidStateError") return place.dataset.known ?? "";
  return place.dataset.failed ?? "";
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  if (!(place instanceof HTMLElement)) continue;
  const button = /** @type {HTMLButtonElement} */ (place.querySelector("button"));
  const problem = /** @type {HTMLElement} */ (place.querySelector("[role=alert]"));
  if (location.origin !== place.dataset.origin) {
    // The browser would refuse here, or the service what it signs: 127.0.0.1 is no name of `localhost`.
    button.hidden = true;
    /** @type {HTMLElement} */ (place.querySelector("[data-elsewhere]")).hidden = false;
    continue;
  }
  if (!window.PublicKeyCredential) {
    problem.textContent = place.dataset.unable ?? "";
    continue;
  }
  button.disabled = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    problem.textContent = "";
    try {
      const codes = place.dataset.passkey === "enrolment" ? await enrol(place) : await prove(place);
      if (codes.length) showCodes(codes);
      else location.assign(place.dataset.on ?? "/");
    } catch (error) {
      problem.textContent = words(place, error);
      button.disabled = false;
      button.focus();
    }
  });
}
