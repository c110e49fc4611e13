/* The page: asks for a file, shows what checking it came to. All texts are set as text, never as markup. */
(function () {
  "use strict";

  var AT_ONCE = 200;
  var language = "fr", last = null;

  function byId(id) {
    return document.getElementById(id);
  }

  function say(code, details) {
    return Salw.say(language, code, details);
  }

  function has(code) {
    return WORDS[language][code] !== undefined;
  }

  function add(parent, tag, text, kind) {
    var made = document.createElement(tag);
    if (text !== undefined && text !== null) made.appendChild(document.createTextNode(text));
    if (kind) made.className = kind;
    parent.appendChild(made);
    return made;
  }

  function two(number) {
    return (number < 10 ? "0" : "") + number;
  }

  function instant(date) {
    return two(date.getUTCDate()) + "/" + two(date.getUTCMonth() + 1) + "/" + date.getUTCFullYear() + " " +
      two(date.getUTCHours()) + ":" + two(date.getUTCMinutes()) + " UTC";
  }

  function when(at) {
    var parts = /^(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(at);
    return parts ? parts[3] + "/" + parts[2] + "/" + parts[1] + " " + parts[4] + ":" + parts[5] + " UTC" : at;
  }

  function setWords() {
    document.documentElement.lang = language;
    document.title = say("verifier.title");
    var places = document.querySelectorAll("[data-say]");
    for (var i = 0; i < places.length; i++) {
      places[i].textContent = say("verifier." + places[i].getAttribute("data-say"));
    }
    byId("language").textContent = say("verifier.language");
  }

  /* What labels.json calls something proves nothing, and is marked so wherever it stands. */
  function byLabel(text) {
    return say("verifier.by_label", { what: text });
  }

  function holder(verdict, id) {
    var known = (verdict.labels.holders || {})[id];
    if (!known) return String(id);
    var name = known.store || (has("holder_kind." + known.kind) ? say("holder_kind." + known.kind) : known.kind);
    return byLabel(name + " (" + known.unit + ")");
  }

  function author(verdict, said) {
    if (said.actor && said.actor.process) return say("verifier.node");
    var known = (verdict.labels.actors || {})[said.id], parts = [];
    var value = verdict.values[said.actor ? said.actor.commitment : ""];
    if (value) {
      parts.push(["rank", "family_name", "given_names"].map(function (name) { return value[name] || ""; })
        .join(" ").replace(/\s+/g, " ").trim());
    }
    if (known) {
      var role = has("role." + known.role) ? say("role." + known.role) : say("role.none");
      parts.push(byLabel([role, known.unit].filter(Boolean).join(", ")));
    }
    return parts.filter(Boolean).join(", ") || String(said.actor && said.actor.person || "?");
  }

  function weaponOf(verdict, id) {
    if (verdict.numbers.hasOwnProperty(id)) return say("verifier.weapon", { weapon: verdict.numbers[id] });
    var known = (verdict.labels.weapons || {})[id];
    if (!known) return say("verifier.weapon", { weapon: id });
    return byLabel(say("verifier.weapon", { weapon: known.number }));
  }

  function showEvent(list, verdict, event) {
    var item = add(list, "li", null, event.proven ? "" : "wrong"), said = event.said || {}, facts = said.facts || {};
    var told = [];
    if (said.at) told.push(when(said.at));
    if (facts.occurred_at) told.push(say("verifier.happened", { at: when(String(facts.occurred_at)) }));
    told.push(say(event.proven ? "verifier.proven" : "verifier.not_proven", { index: event.index }));
    add(item, "div", told.join(" · "), event.proven ? "when" : "red");
    var code = "proven.event." + said.kind;
    add(item, "div", say(has(code) ? code : "proven.event.other"), "what");
    if (said.weapon && verdict.head.subject.kind !== "weapon") {
      add(item, "div", weaponOf(verdict, String(said.weapon)));
    }
    if (facts.from) add(item, "div", say("verifier.from", { place: holder(verdict, facts.from) }));
    if (facts.to) add(item, "div", say("verifier.to", { place: holder(verdict, facts.to) }));
    if (facts.number) add(item, "div", say("verifier.document", { number: facts.number }));
    if (said.actor) add(item, "div", say("verifier.by", { who: author(verdict, said) }));
    var more = add(item, "details");
    add(more, "summary", say("verifier.bytes"));
    var shown;
    try {
      shown = Salw.text(event.canonical);
    } catch (error) {
      shown = Salw.binary(event.canonical);
    }
    add(more, "pre", shown);
  }

  function showEvents(place, verdict) {
    var list = add(place, "ol", null, "time"), next = 0;
    function more() {
      var end = Math.min(next + AT_ONCE, verdict.events.length);
      for (; next < end; next++) showEvent(list, verdict, verdict.events[next]);
    }
    more();
    if (next < verdict.events.length) {
      var button = add(place, "button", "+ " + AT_ONCE);
      button.type = "button";
      button.onclick = function () {
        more();
        if (next >= verdict.events.length) place.removeChild(button);
      };
    }
  }

  function showLog(place, log) {
    add(place, "p", say("verifier.log", {
      origin: log.checkpoint.origin,
      size: log.checkpoint.size,
      root: Salw.toBase64(log.checkpoint.root)
    }), "hash");
    var list = add(place, "ul");
    log.signers.forEach(function (signer) {
      var text = say("verifier.signed." + signer.trust, signer);
      if (signer.time !== null) {
        text += " (" + say("verifier.witness_at", { time: instant(new Date(signer.time * 1000)) }) + ")";
      }
      add(list, "li", text, signer.trust === "yours" ? "" : "red");
    });
    var sizes = Object.keys(log.sizes).map(Number).filter(function (size) { return size !== log.checkpoint.size; });
    sizes.sort(function (a, b) { return a - b; });
    if (sizes.length) add(place, "p", say("verifier.sizes", { sizes: sizes.join(", ") }));
  }

  function isTrusted(verdict) {
    return verdict.keys && verdict.keys.brought;
  }

  function show() {
    var place = byId("result"), verdict = last.verdict;
    place.innerHTML = "";
    var found = verdict.problems.length ? "damaged" : verdict.misfits.length || last.wrong.length ? "misfit" :
      isTrusted(verdict) ? "sound_trusted" : "sound_untrusted";
    var good = found === "sound_trusted" && !verdict.remarks.length;
    add(place, "p", say("verifier." + found), "verdict " + (found === "damaged" ? "bad" : good ? "good" : "warn"));
    last.wrong.forEach(function (line) { add(place, "p", say("verifier.key_malformed", { key: line }), "red"); });
    verdict.problems.concat(verdict.misfits).forEach(function (problem) {
      add(place, "p", say(problem.code, problem), "red problem");
    });
    verdict.remarks.forEach(function (remark) { add(place, "p", say(remark.code, remark), "remark"); });
    last.told.forEach(function (line) { add(place, "p", say(line[0], line[1])); });
    add(place, "p", say("verifier.file_hash", { digest: last.digest }), "hash");
    if (!verdict.head) return;
    var subject = verdict.head.subject, sealed = verdict.sealedName();
    var named = say("verifier.subject." + subject.kind, { name: sealed === null ? subject.name : sealed });
    add(place, "h2", sealed === null ? say("verifier.unproven", { what: named }) : named);
    var proven = verdict.events.filter(function (event) { return event.proven; }).length;
    var all = proven > 0 && proven === verdict.events.length;
    add(place, "p", say(proven ? "verifier.events" : "verifier.events_none",
      { proven: proven, count: verdict.events.length }), all ? "" : "red");
    var values = Object.keys(verdict.values).length;
    if (values) add(place, "p", say("verifier.values", { count: values }));
    if (verdict.head.unsealed) add(place, "p", say("verifier.unsealed", { count: verdict.head.unsealed }));
    verdict.logs.forEach(function (log) { showLog(place, log); });
    add(place, "p", say("verifier.not_shown"));
    add(place, "p", say("verifier.labels"), "when");
    showEvents(place, verdict);
  }

  function check(data) {
    var keys = Salw.readKeys(byId("keys").value);
    var verdict = Salw.verify(data, keys.keys), told = [];
    if (verdict.head && byId("printed").value.trim()) {
      if (Salw.checkPrinted(verdict, byId("printed").value)) told.push(["verifier.report_stands", {}]);
    }
    if (verdict.head && byId("number").value.trim()) {
      var count = Salw.checkNumber(verdict, byId("number").value);
      if (count !== null) told.push(["verifier.report_events", { number: byId("number").value.trim(), count: count }]);
    }
    if (verdict.problems.length || verdict.misfits.length || keys.wrong.length) told = [];
    if (told.length) told.push(["verifier.report_content", {}]);
    last = { verdict: verdict, wrong: keys.wrong, told: told, digest: Salw.hex(Salw.sha256(data)) };
    show();
  }

  byId("form").onsubmit = function (event) {
    event.preventDefault();
    var file = byId("file").files[0], place = byId("result");
    if (!file) return;
    last = null;
    place.innerHTML = "";
    add(place, "p", say("verifier.working"));
    var reader = new FileReader();
    reader.onerror = function () {
      place.innerHTML = "";
      add(place, "p", say("verifier.not_readable", { reason: reader.error ? reader.error.name : "?" }), "red");
    };
    reader.onload = function () {
      // The browser shows the words above before it computes.
      setTimeout(function () { check(new Uint8Array(reader.result)); }, 30);
    };
    reader.readAsArrayBuffer(file);
  };

  byId("language").onclick = function () {
    language = language === "fr" ? "en" : "fr";
    setWords();
    if (last) show();
  };

  setWords();
})();
