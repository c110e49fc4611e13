/* Hashes, trees, signed notes (RFC 6962, C2SP signed-note, tlog-checkpoint, tlog-cosignature). Pure. */
(function () {
  "use strict";

  var LOG = 1, COSIGNATURE = 4;
  Salw.COSIGNATURE = COSIGNATURE;

  /** @param {Uint8Array} entry @return {Uint8Array} */
  Salw.leafHash = function (entry) {
    return Salw.sha256(Salw.join([new Uint8Array([0]), entry]));
  };

  function nodeHash(left, right) {
    return Salw.sha256(Salw.join([new Uint8Array([1]), left, right]));
  }

  function half(number) {
    return Math.floor(number / 2);
  }

  /** RFC 9162, 2.1.3.2. Numbers are beyond 32 bits, so no shifts.
   *
   * `known` keeps what was hashed at each place on the way up: the paths of neighbours meet, and an old laptop need
   * not hash their common part again. Only the same two hashes at the same place are taken from it.
   * @param {Uint8Array} leaf @param {number} index @param {number} size @param {Uint8Array[]} path
   * @param {Uint8Array} root @param {Object} known @return {boolean} */
  Salw.included = function (leaf, index, size, path, root, known) {
    if (index >= size) return false;
    var node = index, last = size - 1, found = leaf;
    for (var i = 0; i < path.length; i++) {
      if (last === 0) return false;
      var place = i + ":" + node, before = known[place];
      if (node % 2 === 1 || node === last) {
        if (before && before.path === path[i] && Salw.same(before.found, found)) found = before.result;
        else known[place] = { path: path[i], found: found, result: (found = nodeHash(path[i], found)) };
        while (node % 2 === 0 && node !== 0) {
          node = half(node);
          last = half(last);
        }
      } else if (before && before.path === path[i] && Salw.same(before.found, found)) {
        found = before.result;
      } else {
        known[place] = { path: path[i], found: found, result: (found = nodeHash(found, path[i])) };
      }
      node = half(node);
      last = half(last);
    }
    return last === 0 && Salw.same(found, root);
  };

  /** RFC 9162, 2.1.4.2.
   * @param {number} old @param {number} size @param {Uint8Array} oldRoot @param {Uint8Array} root
   * @param {Uint8Array[]} path @return {boolean} */
  Salw.continues = function (old, size, oldRoot, root, path) {
    if (old === 0 || old === size) {
      return path.length === 0 && Salw.same(old ? root : Salw.sha256(new Uint8Array(0)), oldRoot);
    }
    if (old > size || path.length === 0) return false;
    var node = old - 1, last = size - 1;
    while (node % 2 === 1) {
      node = half(node);
      last = half(last);
    }
    var steps = node ? path : [oldRoot].concat(path);
    var first = steps[0], second = steps[0];
    for (var i = 1; i < steps.length; i++) {
      if (last === 0) return false;
      if (node % 2 === 1 || node === last) {
        first = nodeHash(steps[i], first);
        second = nodeHash(steps[i], second);
        while (node % 2 === 0 && node !== 0) {
          node = half(node);
          last = half(last);
        }
      } else {
        second = nodeHash(second, steps[i]);
      }
      node = half(node);
      last = half(last);
    }
    return last === 0 && Salw.same(first, oldRoot) && Salw.same(second, root);
  };

  function isName(name) {
    return name !== "" && !/[+\s\x00-\x1f]/.test(name);
  }

  /** A verifier key as one line of text.
   * @param {string} line @return {{name: string, id: string, algorithm: number, key: Uint8Array, text: string}} */
  Salw.readKey = function (line) {
    var parts = /^([^+]+)\+([^+]*)\+(.+)$/.exec(line.trim());
    if (!parts || !isName(parts[1])) throw Salw.fault("malformed");
    var key = Salw.base64(parts[3]);
    if (key.length !== 33 || (key[0] !== LOG && key[0] !== COSIGNATURE)) throw Salw.fault("malformed");
    var id = Salw.sha256(Salw.join([Salw.utf8(parts[1] + "\n"), key])).subarray(0, 4);
    if (Salw.hex(id) !== parts[2]) throw Salw.fault("malformed");
    return { name: parts[1], id: parts[2], algorithm: key[0], key: key.subarray(1), text: line.trim() };
  };

  /** @param {string} told @return {{text: string, signatures: {name: string, id: string, value: Uint8Array}[]}} */
  Salw.readNote = function (told) {
    var cut = told.lastIndexOf("\n\n");
    if (cut < 0 || /[\x00-\x09\x0b-\x1f]/.test(told)) throw Salw.fault("malformed");
    var lines = told.substr(cut + 2).split("\n");
    if (lines.pop() !== "" || lines.length === 0 || lines.length > 100) throw Salw.fault("malformed");
    var signatures = lines.map(function (line) {
      var parts = /^\u2014 (\S+) ([A-Za-z0-9+\/]+={0,2})$/.exec(line);
      if (!parts || !isName(parts[1])) throw Salw.fault("malformed");
      var value = Salw.base64(parts[2]);
      if (value.length < 5) throw Salw.fault("malformed");
      return { name: parts[1], id: Salw.hex(value.subarray(0, 4)), value: value.subarray(4) };
    });
    return { text: told.substr(0, cut) + "\n", signatures: signatures };
  };

  /** @param {string} text @return {{origin: string, size: number, root: Uint8Array}} */
  Salw.readCheckpoint = function (text) {
    var lines = text.split("\n");
    if (lines.length < 4 || lines.pop() !== "" || lines.indexOf("") >= 0) throw Salw.fault("malformed");
    if (!/^(0|[1-9][0-9]{0,15})$/.test(lines[1])) throw Salw.fault("malformed");
    return { origin: lines[0], size: Salw.whole(Number(lines[1])), root: Salw.hash(lines[2]) };
  };

  /** @param {string} text @return {Uint8Array} 32 bytes */
  Salw.hash = function (text) {
    var value = Salw.base64(text);
    if (value.length !== 32) throw Salw.fault("malformed");
    return value;
  };

  /** When a witness signed, in seconds since 1970. @param {Uint8Array} value @return {number} */
  Salw.timeOf = function (value) {
    var time = 0;
    for (var i = 0; i < 8; i++) time = time * 256 + value[i];
    return time;
  };

  /** @return {boolean} whether a signature is this key's on the text */
  Salw.verifies = function (key, signature, text) {
    var value = signature.value, message = text;
    if (key.algorithm === COSIGNATURE) {
      if (value.length !== 72 || Salw.timeOf(value) > 9007199254740991) return false;
      message = "cosignature/v1\ntime " + Salw.timeOf(value) + "\n" + text;
      value = value.subarray(8);
    }
    return value.length === 64 && nacl.sign.detached.verify(Salw.utf8(message), new Uint8Array(value), key.key);
  };
})();
