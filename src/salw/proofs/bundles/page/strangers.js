/* What lies in a bundle and is no part of what it proves, as `strangers.py` finds it; and the texts, filled. */
(function () {
  "use strict";

  /** @param {string} language @param {string} code @param {Object} [details] @return {string} the code if unknown */
  Salw.say = function (language, code, details) {
    var text = WORDS[language][code];
    if (text === undefined) return code;
    return text.replace(/\{(\w+)\}/g, function (place, name) {
      return details && details[name] !== undefined ? String(details[name]) : place;
    });
  };

  /** This page as the file that the program writes, put together from its parts as they run. @return {string} */
  Salw.ownPage = function () {
    var css = document.getElementsByTagName("style")[0].textContent;
    var scripts = Array.prototype.map.call(document.getElementsByTagName("script"), function (script) {
      return script.textContent;
    });
    function allowed(text) {
      return "'sha256-" + Salw.toBase64(Salw.sha256(Salw.utf8(text))) + "'";
    }
    function put(page, place, text) {
      return page.split("{" + place + "}").join(text);
    }
    var page = put(put(TEMPLATE, "style", allowed(css)), "script", scripts.map(allowed).join(" "));
    return put(put(page, "css", css), "scripts", scripts.map(function (script) {
      return "<script>" + script + "<\/script>";
    }).join("\n"));
  };

  function readme(files, head) {
    var folders = head.logs.map(function (part) { return part.log + "/"; }), count = 0;
    folders.forEach(function (folder) {
      var lines = files[folder + "events.jsonl"];
      for (var i = 0; i < lines.length; i++) if (lines[i] === 10) count += 1;
    });
    var names = Object.keys(files).filter(function (name) { return name !== "LISEZ-MOI.txt"; }).sort();
    var digests = names.map(function (name) { return Salw.hex(Salw.sha256(files[name])) + "  " + name + "\n"; });
    var notes = folders.map(function (folder) { return Salw.text(files[folder + "checkpoint"]); });
    return "\ufeff" + ["fr", "en"].map(function (language) {
      return Salw.say(language, "bundle.readme", {
        subject: Salw.say(language, "verifier.subject." + head.subject.kind, { name: head.subject.name }),
        count: count,
        country: head.country,
        unsealed: head.unsealed,
        checkpoints: notes.join("\n"),
        digests: digests.join("")
      });
    }).join("\n\n\n").replace(/\n/g, "\r\n");
  }

  /** @param {Object.<string, Uint8Array>} files of a sound bundle @param {Object} head
   * @return {string[][]} a code without its family and the name of the file */
  Salw.strangers = function (files, head) {
    var ours = ["LISEZ-MOI.txt", "VERIFIER.html", "bundle.json", "policy", "values.json", "labels.json"], found = [];
    head.logs.forEach(function (part) {
      ["checkpoint", "events.jsonl", "proofs.json", "anchors.json"].forEach(function (name) {
        ours.push(part.log + "/" + name);
      });
    });
    Object.keys(files).sort().forEach(function (name) {
      if (ours.indexOf(name) < 0) found.push(["extra_file", name]);
    });
    function differs(name, text) {
      return !!files[name] && !Salw.same(files[name], Salw.utf8(text));
    }
    if (differs("VERIFIER.html", Salw.ownPage())) found.push(["other_page", "VERIFIER.html"]);
    if (differs("LISEZ-MOI.txt", readme(files, head))) found.push(["other_readme", "LISEZ-MOI.txt"]);
    return found;
  };
})();
