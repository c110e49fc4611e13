/* Checking a bundle and a report against it: word for word what `salw ledger verify-bundle` does. Pure. */
(function () {
  "use strict";

  var HEX64 = /[0-9a-f]{64}/g;
  var DEPTH_MAX = 64;

  function json(bytes) {
    return shallow(JSON.parse(Salw.text(bytes)));
  }

  function shallow(found) {
    var level = [found];
    for (var depth = 0; depth < DEPTH_MAX; depth++) {
      var inner = [];
      for (var i = 0; i < level.length; i++) {
        if (typeof level[i] !== "object" || level[i] === null) continue;
        for (var name in level[i]) inner.push(level[i][name]);
      }
      if (!inner.length) return found;
      level = inner;
    }
    throw Salw.fault("malformed");
  }

  function file(files, name) {
    if (!Object.prototype.hasOwnProperty.call(files, name)) throw Salw.fault("malformed");
    return files[name];
  }

  /* Notes the file that is being read as unreadable where it is. */
  function reading(verdict, name, work) {
    try {
      work();
    } catch (error) {
      verdict.add("malformed", name);
    }
  }

  /** The keys in a text, one a line; lines of a policy file are understood too.
   * @param {string} text @return {{keys: Object[], wrong: string[]}} */
  Salw.readKeys = function (text) {
    var keys = [], wrong = [];
    text.split(/\r?\n/).forEach(function (line) {
      line = line.trim();
      var words = line.split(/\s+/);
      if (!line || line.charAt(0) === "#" || words[0] === "group" || words[0] === "quorum") return;
      var word = words[0] === "log" ? words[1] : words[0] === "witness" ? words[2] : words.length === 1 ? line : "";
      try {
        keys.push(Salw.readKey(word || ""));
      } catch (error) {
        wrong.push(line);
      }
    });
    return { keys: keys, wrong: wrong };
  };

  function Keys(yours, named) {
    var self = this;
    this.brought = yours.length > 0;
    this.yours = {};
    this.named = {};
    yours.forEach(function (key) { self.yours[key.name + "+" + key.id] = key; });
    named.forEach(function (key) { self.named[key.name + "+" + key.id] = key; });
  }

  Keys.prototype.find = function (signature) {
    var whose = signature.name + "+" + signature.id;
    if (this.yours[whose]) return { key: this.yours[whose], trust: "yours" };
    if (this.named[whose]) return { key: this.named[whose], trust: "bundle" };
    return { key: null, trust: "unknown" };
  };

  function Verdict() {
    this.problems = [];
    this.misfits = [];
    this.remarks = [];
    this.numbers = {};
    this.head = null;
    this.logs = [];
    this.events = [];
    this.values = {};
    this.labels = {};
    this.keys = null;
  }

  function noteOnce(noted, code, where) {
    where = where || "";
    var known = noted.some(function (p) { return p.code === "proven." + code && p.where === where; });
    if (!known) noted.push({ code: "proven." + code, where: where });
  }

  Verdict.prototype.add = function (code, where) {
    noteOnce(this.problems, code, where);
  };

  /** What the reader gave and what does not go with this bundle, whole as it is. */
  Verdict.prototype.misfit = function (code, where) {
    noteOnce(this.misfits, code, where);
  };

  /** The number of the bundle's weapon from its sealed registration, null where nothing sealed names it.
   * @return {?string} */
  Verdict.prototype.sealedName = function () {
    var subject = this.head.subject, known = Object.prototype.hasOwnProperty.call(this.numbers, subject.id);
    return subject.kind === "weapon" && known ? this.numbers[subject.id] : null;
  };

  function readSignatures(keys, note) {
    var signers = [], wrong = [], seen = {};
    note.signatures.forEach(function (signature) {
      var whose = signature.name + "+" + signature.id;
      if (seen[whose]) return;
      var found = keys.find(signature);
      if (found.key && !Salw.verifies(found.key, signature, note.text)) {
        wrong.push(signature.name);
        return;
      }
      seen[whose] = true;
      var witness = !!found.key && found.key.algorithm === Salw.COSIGNATURE;
      signers.push({
        name: signature.name,
        key: found.key ? found.key.text : "",
        trust: found.trust,
        time: witness ? Salw.timeOf(signature.value) : null
      });
    });
    return { signers: signers, wrong: wrong };
  }

  function signatures(verdict, note, where) {
    var found = readSignatures(verdict.keys, note);
    found.wrong.forEach(function (name) { verdict.add("signature_wrong", where + " " + name); });
    return found.signers;
  }

  function isSigned(keys, signers, origin) {
    var wanted = keys.brought ? "yours" : "bundle";
    return signers.some(function (signer) {
      return signer.trust === wanted && signer.time === null && signer.name === origin;
    });
  }

  function requireTrust(verdict, signers, origin, where) {
    var keys = verdict.keys;
    if (isSigned(keys, signers, origin)) return;
    var ours = Object.keys(keys.yours).some(function (whose) { return keys.yours[whose].name === origin; });
    if (!keys.brought) verdict.add("not_signed", where + " " + origin);
    else if (ours) verdict.add("key_not_yours", where + " " + origin);
    else verdict.misfit("key_of_another_log", origin);
  }

  /** What a bundle proves, and everything that is wrong with it.
   * @param {Uint8Array} data @param {Object[]} yours the keys that the reader brings @return {Verdict} */
  Salw.verify = function (data, yours) {
    var verdict = new Verdict(), files;
    try {
      files = Salw.unzip(data);
    } catch (error) {
      verdict.add(error.salw ? error.salw.code : "not_whole_file", error.salw ? error.salw.where : "");
      return verdict;
    }
    try {
      var head = json(files["bundle.json"]);
      Salw.list(head.logs).forEach(function (part) { Salw.whole(part.log); Salw.whole(part.first); });
      Salw.whole(head.unsealed);
      if (typeof head.country !== "string") throw Salw.fault("malformed");
      ["kind", "id", "name"].forEach(function (name) {
        if (typeof head.subject[name] !== "string") throw Salw.fault("malformed");
      });
      if (head.format !== "salw-bundle/1") throw Salw.fault("malformed");
    } catch (error) {
      verdict.add("malformed", "bundle.json");
      return verdict;
    }
    try {
      var named = Salw.readKeys(Salw.text(file(files, "policy")));
      if (named.wrong.length) throw Salw.fault("malformed");
      verdict.keys = new Keys(yours, named.keys);
      verdict.head = head;
    } catch (error) {
      verdict.add("malformed", "policy");
      return verdict;
    }
    verdict.head.logs.forEach(function (part) { verifyLog(verdict, files, part.log, part.first); });
    verifySubject(verdict);
    reading(verdict, "values.json", function () {
      verifyValues(verdict, files["values.json"] ? json(files["values.json"]) : []);
    });
    reading(verdict, "labels.json", function () {
      var labels = json(file(files, "labels.json"));
      checkLabels(labels.holders, ["kind", "unit"]);
      checkLabels(labels.weapons, ["number"]);
      checkLabels(labels.actors, ["unit"]);
      verdict.labels = labels;
    });
    if (!verdict.problems.length) {
      Salw.strangers(files, verdict.head).forEach(function (stranger) {
        noteOnce(verdict.remarks, stranger[0], stranger[1]);
      });
    }
    return verdict;
  };

  function isObject(value) {
    return typeof value === "object" && value !== null && !(value instanceof Array);
  }

  function checkLabels(labels, texts) {
    Object.keys(labels).forEach(function (id) {
      texts.forEach(function (name) {
        if (typeof labels[id][name] !== "string") throw Salw.fault("malformed");
      });
    });
  }

  function verifyLog(verdict, files, log, first) {
    var folder = log + "/", note, checkpoint;
    try {
      note = Salw.readNote(Salw.text(file(files, folder + "checkpoint")));
      checkpoint = Salw.readCheckpoint(note.text);
    } catch (error) {
      verdict.add("malformed", folder + "checkpoint");
      return;
    }
    var signers = signatures(verdict, note, folder + "checkpoint");
    requireTrust(verdict, signers, checkpoint.origin, folder + "checkpoint");
    var sizes = {};
    sizes[checkpoint.size] = checkpoint.root;
    verdict.logs.push({
      log: log,
      first: first,
      checkpoint: checkpoint,
      signers: signers,
      sizes: sizes
    });
    if (!files[folder + "events.jsonl"]) {
      verdict.add("malformed", folder + "events.jsonl");
      return;
    }
    reading(verdict, folder + "proofs.json", function () {
      var proofs = json(file(files, folder + "proofs.json"));
      verifyEvents(verdict, log, checkpoint, files[folder + "events.jsonl"], proofs);
    });
    reading(verdict, folder + "anchors.json", function () {
      verifyAnchors(verdict, checkpoint, sizes, json(file(files, folder + "anchors.json")), folder);
    });
  }

  function verifyAnchors(verdict, checkpoint, sizes, anchors, folder) {
    Salw.list(anchors).forEach(function (anchor) {
      var size = Salw.whole(anchor.size), where = folder + "anchors.json " + anchor.size;
      var root = Salw.hash(anchor.root);
      if (!Salw.continues(size, checkpoint.size, root, checkpoint.root, Salw.list(anchor.path).map(Salw.hash))) {
        verdict.add("anchor_wrong", where);
        return;
      }
      if (anchor.note) {
        var earlier = Salw.readNote(anchor.note), at = Salw.readCheckpoint(earlier.text);
        if (at.origin !== checkpoint.origin || at.size !== size || !Salw.same(at.root, root)) {
          verdict.add("anchor_wrong", where);
          return;
        }
        signatures(verdict, earlier, where);
      }
      sizes[size] = root;
    });
  }

  function splitLines(bytes) {
    var lines = [], begin = 0;
    for (var i = 0; i < bytes.length; i++) {
      if (bytes[i] === 10) {
        lines.push(bytes.subarray(begin, i));
        begin = i + 1;
      }
    }
    return { lines: lines, whole: begin === bytes.length };
  }

  function verifyEvents(verdict, log, checkpoint, data, proofs) {
    var split = splitLines(data), hashes = Salw.list(proofs.hashes).map(Salw.hash), paths = Salw.list(proofs.paths);
    var last = -1, known = {};
    if (!split.whole || split.lines.length !== paths.length) {
      verdict.add("events_missing", log + "/events.jsonl");
    }
    for (var i = 0; i < split.lines.length && i < paths.length; i++) {
      var numbers = Salw.list(paths[i]).map(Salw.whole), index = numbers[0], where = log + "/" + index;
      Salw.whole(index);
      if (index <= last) verdict.add("event_out_of_order", where);
      if (numbers.length > 64) verdict.add("malformed", where);
      last = index;
      var said = null;
      try {
        said = json(split.lines[i]);
        if (typeof said.kind !== "string" || typeof said.at !== "string") said = null;
        else if (!isObject(said.facts) || !isObject(said.actor)) said = null;
      } catch (error) {
        said = null;
      }
      var path = numbers.slice(1).map(function (place) {
        if (place >= hashes.length) throw Salw.fault("malformed");
        return hashes[place];
      });
      var shown = Salw.included(Salw.leafHash(split.lines[i]), index, checkpoint.size, path, checkpoint.root, known);
      if (!shown) verdict.add("event_wrong", where);
      else if (!said) verdict.add("malformed", where);
      verdict.events.push({ log: log, index: index, canonical: split.lines[i], said: said, proven: shown });
    }
  }

  function verifySubject(verdict) {
    var subject = verdict.head.subject, moves = 0, gap = false;
    verdict.events.forEach(function (event) {
      if (!event.said) return;
      var number = event.said.facts.registry_number;
      if (event.proven && event.said.kind === "weapon.registered" && typeof number === "string") {
        verdict.numbers[String(event.said.weapon)] = number;
      }
      if (event.said.country !== verdict.head.country) verdict.add("head_wrong", "bundle.json");
    });
    if (subject.kind !== "weapon") return;
    var sealed = verdict.sealedName();
    if (sealed !== null && sealed !== subject.name) verdict.add("head_wrong", "bundle.json");
    verdict.events.forEach(function (event) {
      if (!event.said) return;
      if (event.said.weapon !== subject.id) verdict.add("event_of_another", event.log + "/" + event.index);
      var facts = event.said.facts || {};
      if ("seq" in facts && "to" in facts && "from" in facts) {
        moves += 1;
        if (facts.seq !== moves) gap = true;
      }
    });
    if (gap) verdict.add("movement_missing", subject.id);
  }

  function verifyValues(verdict, values) {
    var committed = {};
    verdict.events.forEach(function (event) {
      (Salw.binary(event.canonical).match(HEX64) || []).forEach(function (hex) { committed[hex] = true; });
    });
    Salw.list(values).forEach(function (value) {
      if (!/^[0-9a-f]{64}$/.test(value.salt)) throw Salw.fault("malformed");
      var hash = Salw.hex(Salw.sha256(Salw.join([Salw.unhex(value.salt), Salw.utf8(value.text)])));
      if (hash !== value.commitment || !committed[value.commitment]) {
        verdict.add("value_wrong", value.commitment);
        return;
      }
      verdict.values[value.commitment] = shallow(JSON.parse(value.text));
    });
  }

  /** Hold a report's printed number against a bundle: how many of its events are in the state it names, or null.
   * @param {Verdict} verdict @param {string} number @return {?number} */
  Salw.checkNumber = function (verdict, number) {
    var parts = /^([A-Z]{2})-([0-9]{1,15})-[0-9A-F]{8}$/.exec(number.trim().toUpperCase());
    if (!parts) {
      verdict.misfit("report_malformed", number.trim());
      return null;
    }
    if (parts[1] !== verdict.head.country) {
      verdict.misfit("report_other_country", parts[1]);
      return null;
    }
    var size = Number(parts[2]), log = null;
    verdict.logs.forEach(function (part) { if (size > part.first || part.first === 0) log = part; });
    if (!log || !log.sizes[size - log.first]) {
      verdict.misfit("report_size_missing", String(size));
      return null;
    }
    return verdict.events.filter(function (event) {
      return event.log < log.log || (event.log === log.log && event.index < size - log.first);
    }).length;
  };

  /** Hold the checkpoint printed on a report against a bundle, and return the log it is of, or null.
   * @param {Verdict} verdict @param {string} text @return {?Object} */
  Salw.checkPrinted = function (verdict, text) {
    var note, printed;
    try {
      note = Salw.readNote(Salw.tidy(text));
      printed = Salw.readCheckpoint(note.text);
    } catch (error) {
      verdict.misfit("report_malformed");
      return null;
    }
    var log = verdict.logs.filter(function (part) { return part.checkpoint.origin === printed.origin; })[0];
    if (!log) {
      verdict.misfit("report_other_log", printed.origin);
      return null;
    }
    var found = readSignatures(verdict.keys, note), root = log.sizes[printed.size];
    if (found.wrong.length) {
      verdict.misfit("report_signature_wrong", found.wrong[0]); // mistyped, most likely: no alarm is raised on it
      return null;
    }
    if (root && Salw.same(root, printed.root)) return log;
    // What the log is not proven to continue is believed, as an alarm, where its key signed it.
    if (!isSigned(verdict.keys, found.signers, printed.origin)) verdict.misfit("report_not_signed", printed.origin);
    else if (root) verdict.add("report_fork", String(printed.size));
    else verdict.misfit("report_size_missing", String(log.first + printed.size));
    return null;
  };

  /** A note as it was signed, from how it comes out of a scanner, a form or a mail. @param {string} text */
  Salw.tidy = function (text) {
    var above = [], below = [];
    text.split(/\r\n|\r|\n/).forEach(function (line) {
      line = line.trim();
      if (!line) return;
      if (/^(\u2014|--) /.test(line)) below.push("\u2014 " + line.replace(/^[\u2014-]+/, "").trim());
      else if (below.length) below[below.length - 1] += line; // a long line that paper or mail has broken
      else above.push(line);
    });
    return above.join("\n") + "\n\n" + below.join("\n") + "\n";
  };
})();
