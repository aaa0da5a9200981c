// Checks an export, checkpoints and proofs by Go's own code (golang.org/x/mod/sumdb: tlog and note), which knows nothing of
// ours. Usage: audit_go DIR, with the files that tests/audit_go/run puts there. Ends with status 1 at the first that fails.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A checkpoint of the API.
type checkpoint struct {
	Size int64 `json:"size,string"`
	Note string
}

// A record and its path.
type inclusion struct {
	Position int64 `json:"position,string"`
	Record   []byte
	Hashes   [][]byte
}

// A head and its path.
type head struct {
	Subject   string
	Revision  int64 `json:"revision,string"`
	Hash      []byte
	LeafIndex int64 `json:"leafIndex,string"`
	Hashes    [][]byte
}

// Any answer of the audit service; what it lacks is empty.
type answer struct {
	Checkpoint *checkpoint
	Proof      *inclusion
	From, To   *checkpoint
	Hashes     [][]byte
	Heads      *inclusion
	HeadsCount int64 `json:"headsCount,string"`
	Head       *head
	Before     *head
	After      *head
	Document   string
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "audit_go: "+format+"\n", args...)
	os.Exit(1)
}

func hashes(raw [][]byte) (out []tlog.Hash) {
	for _, bytes := range raw {
		var hash tlog.Hash
		if len(bytes) != len(hash) {
			fail("a hash of %d bytes", len(bytes))
		}
		copy(hash[:], bytes)
		out = append(out, hash)
	}
	return out
}

// What a note says, once its signature holds.
func open(text string, verifiers note.Verifiers) (string, int64, tlog.Hash) {
	opened, err := note.Open([]byte(text), verifiers)
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	return lines[0], size, hashes([][]byte{root})[0]
}

// The records of an export, told by nothing but its description.
func records(export []byte) (out [][]byte) {
	if !bytes.HasPrefix(export, []byte("INCLOGEX")) {
		fail("no export")
	}
	at := 32
	for bytes.HasPrefix(export[at:], []byte("CMIT")) {
		end := at + 64 + int(binary.BigEndian.Uint32(export[at+60:]))
		for at += 64; at < end; {
			length := int(binary.BigEndian.Uint32(export[at+6:]))
			out = append(out, export[at:at+length])
			at += length
		}
	}
	return out
}

// The root over each count of records that a checkpoint may be of.
func roots(all [][]byte) []tlog.Hash {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	out := []tlog.Hash{{}}
	for index, record := range all {
		more, err := tlog.StoredHashes(int64(index), record, reader)
		must(err)
		stored = append(stored, more...)
		root, err := tlog.TreeHash(int64(index+1), reader)
		must(err)
		out = append(out, root)
	}
	return out
}

func leaf(head *head) tlog.Hash {
	var bytes []byte
	bytes = append(bytes, "INCH"...)
	bytes = binary.BigEndian.AppendUint16(bytes, uint16(len(head.Subject)))
	bytes = append(bytes, head.Subject...)
	bytes = binary.BigEndian.AppendUint64(bytes, uint64(head.Revision))
	bytes = append(bytes, head.Hash...)
	return tlog.RecordHash(bytes)
}

// The count and root that a HeadsRecorded record ends with: fields 2 and 3 of its payload.
func headsRoot(record []byte) tlog.Hash {
	payload := record[len(record)-int(binary.BigEndian.Uint32(record[10:])):]
	at := bytes.LastIndex(payload, []byte{0x1a, 0x20})
	if at < 0 || at+34 != len(payload) {
		fail("no root of heads in the record")
	}
	return hashes([][]byte{payload[at+2:]})[0]
}

func (proof *inclusion) check(size int64, root tlog.Hash) {
	leaf := tlog.RecordHash(proof.Record)
	must(tlog.CheckRecord(hashes(proof.Hashes), size, root, proof.Position-1, leaf))
	bent := leaf
	bent[0] ^= 1
	if tlog.CheckRecord(hashes(proof.Hashes), size, root, proof.Position-1, bent) == nil {
		fail("another record passes")
	}
}

func main() {
	dir := os.Args[1]
	read := func(name string) []byte {
		bytes, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		return bytes
	}
	var list []note.Verifier
	for _, line := range strings.Fields(string(read("keys"))) {
		verifier, err := note.NewVerifier(line)
		must(err)
		list = append(list, verifier)
	}
	verifiers := note.VerifierList(list...)
	all := records(read("export"))
	known := roots(all)

	signed := 0
	parts := strings.Split(strings.TrimRight(string(read("notes")), "\n"), "\n\n")
	for at := 0; at+1 < len(parts); at += 2 {
		_, size, root := open(parts[at]+"\n\n"+parts[at+1]+"\n", verifiers)
		if size > int64(len(all)) || known[size] != root {
			fail("the checkpoint of size %d has another root than the records", size)
		}
		signed++
	}

	checked := map[string]int{}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	must(err)
	for _, name := range names {
		var got answer
		bytes, err := os.ReadFile(name)
		must(err)
		must(json.Unmarshal(bytes, &got))
		switch {
		case got.Proof != nil:
			_, size, root := open(got.Checkpoint.Note, verifiers)
			got.Proof.check(size, root)
			if string(all[got.Proof.Position-1]) != string(got.Proof.Record) {
				fail("%s: the record is not the export's", name)
			}
			checked["inclusion"]++
		case got.From != nil:
			_, old, oldRoot := open(got.From.Note, verifiers)
			_, size, root := open(got.To.Note, verifiers)
			must(tlog.CheckTree(hashes(got.Hashes), size, root, old, oldRoot))
			if tlog.CheckTree(hashes(got.Hashes), size, root, old, root) == nil && old != size {
				fail("%s: another old root passes", name)
			}
			checked["consistency"]++
		case got.Heads != nil:
			_, size, root := open(got.Checkpoint.Note, verifiers)
			got.Heads.check(size, root)
			heads := headsRoot(got.Heads.Record)
			for _, head := range []*head{got.Head, got.Before, got.After} {
				if head != nil {
					must(tlog.CheckRecord(hashes(head.Hashes), got.HeadsCount, heads, head.LeafIndex, leaf(head)))
					checked["head"]++
				}
			}
		case got.Document != "":
			opened, err := note.Open([]byte(got.Document), verifiers)
			must(err)
			var document map[string]any
			must(json.Unmarshal([]byte(opened.Text), &document))
			if document["type"] != "incubation.issued-figure/1" {
				fail("%s: no issued figure", name)
			}
			checked["issued"]++
		default:
			fail("%s: nothing to check", name)
		}
	}
	for _, kind := range []string{"inclusion", "consistency", "head", "issued"} {
		if checked[kind] == 0 {
			fail("no %s was checked", kind)
		}
	}
	fmt.Printf("ok  %d records, %d checkpoints, checked by golang.org/x/mod/sumdb: %v\n", len(all), signed, checked)
}
