// @ts-check
// On every page: the parts of GOV.UK Frontend that want a script. Each page works in full without.
import { initAll } from "./vendor/govuk-frontend.min.js";
import "./keys.js";
import "./sent.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
// On a phone the navigation folds up only now: the summary of errors, which has the focus already, moved with it.
document.querySelector(".govuk-error-summary")?.scrollIntoView();
