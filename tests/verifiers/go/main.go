// Checks what our logs hand out with golang.org/x/mod/sumdb/{note,tlog}, which Go checks its downloads with.
//
// Reads a JSON array of cases on standard input and prints an array of verdicts, "" where a case is accepted.
// Nothing of the tree or of signatures is worked out here: it is all done by these two packages.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type testCase struct {
	Check   string   `json:"check"`
	Keys    []string `json:"keys"`
	Note    string   `json:"note"`
	Entry   string   `json:"entry"`
	Index   int64    `json:"index"`
	Old     int64    `json:"old"`
	Size    int64    `json:"size"`
	OldRoot string   `json:"old_root"`
	Root    string   `json:"root"`
	Path    []string `json:"path"`
	Address string   `json:"address"`
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	verdicts := []string{}
	for _, c := range cases {
		verdict := ""
		if err := check(c); err != nil {
			verdict = err.Error()
		}
		verdicts = append(verdicts, verdict)
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}

func check(c testCase) error {
	switch c.Check {
	case "note":
		_, err := open([]byte(c.Note), c.Keys)
		return err
	case "inclusion":
		root, err := tlog.ParseHash(c.Root)
		if err != nil {
			return err
		}
		entry, err := base64.StdEncoding.DecodeString(c.Entry)
		if err != nil {
			return err
		}
		path, err := hashes(c.Path)
		if err != nil {
			return err
		}
		return tlog.CheckRecord(path, c.Size, root, c.Index, tlog.RecordHash(entry))
	case "consistency":
		old, err := tlog.ParseHash(c.OldRoot)
		if err != nil {
			return err
		}
		root, err := tlog.ParseHash(c.Root)
		if err != nil {
			return err
		}
		path, err := hashes(c.Path)
		if err != nil {
			return err
		}
		return tlog.CheckTree(path, c.Size, root, c.Old, old)
	case "mirror":
		return mirror(c)
	}
	return fmt.Errorf("no such check: %q", c.Check)
}

// open returns the tree that a checkpoint is of, if one of the keys signed it.
func open(text []byte, keys []string) (tlog.Tree, error) {
	var tree tlog.Tree
	var known []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return tree, err
		}
		known = append(known, verifier)
	}
	opened, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != opened.Sigs[0].Name {
		return tree, fmt.Errorf("not a checkpoint of the key that signed it")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func hashes(path []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, text := range path {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}

// mirror fetches a checkpoint and every tile under it, and proves each leaf, and each of some earlier trees, from them.
func mirror(c testCase) error {
	text, err := get(c.Address + "/checkpoint")
	if err != nil {
		return err
	}
	tree, err := open(text, c.Keys)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles(c.Address))
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("another root")
	}
	var leaves []int64
	for n := int64(0); n < tree.N; n++ {
		leaves = append(leaves, tlog.StoredHashIndex(0, n))
	}
	found, err := reader.ReadHashes(leaves)
	if err != nil {
		return err
	}
	for _, n := range []int64{0, tree.N / 2, tree.N - 1} {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, root, n, found[n]); err != nil {
			return err
		}
	}
	for _, n := range []int64{1, tree.N/2 + 1, tree.N} {
		old, err := tlog.TreeHash(n, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, n, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, root, n, old); err != nil {
			return err
		}
	}
	return nil
}

// tiles reads tiles of height 8 over HTTP. The packages write the height into the path, tlog-tiles does not.
type tiles string

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := get(string(t) + "/" + path)
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func get(address string) ([]byte, error) {
	answer, err := http.Get(address)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, answer.Status)
	}
	return io.ReadAll(answer.Body)
}
