/* Bytes, texts and the file: what the checking of a bundle reads. Pure: no page, no network. Old browsers run it. */
var Salw = {};

(function () {
  "use strict";

  /** An error with one of the codes `proven.*` (without the family).
   * @param {string} code @param {string} [where] @return {Error} */
  Salw.fault = function (code, where) {
    var error = new Error(code);
    error.salw = { code: code, where: where || "" };
    return error;
  };

  /** @param {Uint8Array} bytes @return {string} each byte as a character of its number */
  Salw.binary = function (bytes) {
    var parts = [];
    for (var i = 0; i < bytes.length; i += 8192) {
      parts.push(String.fromCharCode.apply(null, bytes.subarray(i, i + 8192)));
    }
    return parts.join("");
  };

  /** @param {string} binary @return {Uint8Array} */
  Salw.bytes = function (binary) {
    var found = new Uint8Array(binary.length);
    for (var i = 0; i < binary.length; i++) found[i] = binary.charCodeAt(i) & 255;
    return found;
  };

  /** @param {Uint8Array} bytes @return {string} the text; refuses what is no UTF-8 */
  Salw.text = function (bytes) {
    return decodeURIComponent(escape(Salw.binary(bytes)));
  };

  /** @param {string} text @return {Uint8Array} */
  Salw.utf8 = function (text) {
    return Salw.bytes(unescape(encodeURIComponent(text)));
  };

  /** @param {string} text canonical base64 @return {Uint8Array} */
  Salw.base64 = function (text) {
    if (typeof text !== "string" || !/^[A-Za-z0-9+\/]*={0,2}$/.test(text)) throw Salw.fault("malformed");
    var binary = atob(text);
    if (btoa(binary) !== text) throw Salw.fault("malformed");
    return Salw.bytes(binary);
  };

  /** @param {Uint8Array} bytes @return {string} */
  Salw.toBase64 = function (bytes) {
    return btoa(Salw.binary(bytes));
  };

  /** @param {Uint8Array} bytes @return {string} */
  Salw.hex = function (bytes) {
    var found = "";
    for (var i = 0; i < bytes.length; i++) found += (bytes[i] < 16 ? "0" : "") + bytes[i].toString(16);
    return found;
  };

  /** @param {string} text pairs of hexadecimal digits @return {Uint8Array} */
  Salw.unhex = function (text) {
    var found = new Uint8Array(text.length / 2);
    for (var i = 0; i < found.length; i++) found[i] = parseInt(text.substr(2 * i, 2), 16);
    return found;
  };

  /** @param {Uint8Array} a @param {Uint8Array} b @return {boolean} */
  Salw.same = function (a, b) {
    if (a.length !== b.length) return false;
    for (var i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  };

  /** @param {Uint8Array[]} parts @return {Uint8Array} */
  Salw.join = function (parts) {
    var size = 0, i;
    for (i = 0; i < parts.length; i++) size += parts[i].length;
    var whole = new Uint8Array(size), at = 0;
    for (i = 0; i < parts.length; i++) {
      whole.set(parts[i], at);
      at += parts[i].length;
    }
    return whole;
  };

  /** @param {Uint8Array} bytes @return {Uint8Array} */
  Salw.sha256 = function (bytes) {
    return new Uint8Array(sha256.array(bytes));
  };

  /** @param {*} value @return {number} a whole number that is not negative */
  Salw.whole = function (value) {
    if (typeof value !== "number" || value < 0 || value > 9007199254740991 || Math.floor(value) !== value) {
      throw Salw.fault("malformed");
    }
    return value;
  };

  /** @param {*} value @return {Array} a list, and nothing that looks like one */
  Salw.list = function (value) {
    if (!(value instanceof Array)) throw Salw.fault("malformed");
    return value;
  };

  var table = null;

  function crc32(bytes) {
    var i, k, c;
    if (!table) {
      table = [];
      for (i = 0; i < 256; i++) {
        c = i;
        for (k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
        table.push(c >>> 0);
      }
    }
    c = 0xffffffff;
    for (i = 0; i < bytes.length; i++) c = (c >>> 8) ^ table[(c ^ bytes[i]) & 255];
    return (c ^ 0xffffffff) >>> 0;
  }

  /** The files of a bundle, as strictly as the program reads it: stored entries, one behind the other, nothing else.
   * @param {Uint8Array} data @return {Object.<string, Uint8Array>} */
  Salw.unzip = function (data) {
    var view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    var end = data.length - 22;

    function need(fine) {
      if (!fine) throw Salw.fault("not_whole_file");
    }
    function u16(at) {
      need(at >= 0 && at + 2 <= data.length);
      return view.getUint16(at, true);
    }
    function u32(at) {
      need(at >= 0 && at + 4 <= data.length);
      return view.getUint32(at, true);
    }

    need(end >= 0 && u32(end) === 0x06054b50);
    var count = u16(end + 10), start = u32(end + 16), place = start, expected = 0;
    need(start + u32(end + 12) === end && u16(end + 8) === count);
    var files = Object.create(null);
    for (var i = 0; i < count; i++) {
      var crc = u32(place + 16), size = u32(place + 24), length = u16(place + 28), at = u32(place + 42);
      need(u32(place) === 0x02014b50 && u16(place + 8) === 0 && u16(place + 10) === 0);
      need(u32(place + 20) === size && u16(place + 30) === 0 && u16(place + 32) === 0 && at === expected);
      need(u32(at) === 0x04034b50 && u16(at + 6) === 0 && u16(at + 8) === 0 && u32(at + 14) === crc);
      need(u32(at + 18) === size && u32(at + 22) === size && u16(at + 26) === length && u16(at + 28) === 0);
      var name = Salw.binary(data.subarray(place + 46, place + 46 + length));
      var begin = at + 30 + length;
      need(begin + size <= data.length && Salw.binary(data.subarray(at + 30, begin)) === name);
      need(/^[\x00-\x7f]*$/.test(name) && !Object.prototype.hasOwnProperty.call(files, name));
      var content = data.subarray(begin, begin + size);
      if (crc32(content) !== crc) throw Salw.fault("file_damaged", name);
      files[name] = content;
      place += 46 + length;
      expected = begin + size;
    }
    need(place === end && expected === start);
    return files;
  };
})();
