// @ts-check
// A form that was sent, came back by the browser's Back and is sent again unchanged is the same act: it keeps its
// number, so that the service answers what it recorded first. What was changed, or a page opened anew, is another act.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
  const id = form.querySelector('input[type="hidden"][name="id"]');
  if (!(id instanceof HTMLInputElement)) return;
  const fields = JSON.stringify([form.action, ...said(form, event.submitter)]);
  const sent = history.state?.sent;
  if (sent?.fields === digest(fields)) id.value = sent.id;
  else history.replaceState({ ...history.state, sent: { fields: digest(fields), id: id.value } }, "");
});

/**
 * What a form says, without its number, files and secrets.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
function said(form, button) {
  const secrets = [...form.querySelectorAll("input[type=password]")].map((one) => one.getAttribute("name"));
  const left = new Set(["id", ...secrets]);
  return [...new FormData(form, button)].filter(([name, value]) => !left.has(name) && typeof value === "string");
}

/** What was typed is not kept in the history, only whether it is the same. @param {string} text */
function digest(text) {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return `${text.length}:${sum}`;
}
