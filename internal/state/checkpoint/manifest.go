package checkpoint

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ManifestVersion is the version of manifests that this release writes. Versions 0 and 1 were single files of another layout.
const ManifestVersion = 3

// uncountedVersion is the last one whose files have no counts. It is read, too.
const uncountedVersion = 2

// Kind says why a manifest was published.
type Kind string

const (
	// KindCheckpoint is a checkpoint of a running pipeline.
	KindCheckpoint Kind = "checkpoint"
	// KindFinished is the checkpoint of a pipeline that has read all its input.
	KindFinished Kind = "finished"
	// KindClaim is a copy of the newest manifest before it, or an empty one, by which an owner has taken the directory.
	KindClaim Kind = "claim"
)

// Manifest is a checkpoint: all that a pipeline needs to go on. Once published it does not change; whoever has one shares it.
type Manifest struct {
	Version int `json:"version"`
	// Lineage is the UUID of the history that began with an empty state.
	Lineage string `json:"lineage"`
	// Generation is that of the owner that published it, from 1. Each owner has one of its own, higher than those before.
	Generation int64 `json:"generation"`
	// Number is its place among the manifests, from 1 without gaps; the file has its name from it.
	Number int64 `json:"number"`
	// Epoch is the epoch whose state it is; a claim has that of the manifest that it copies. It grows from checkpoint to checkpoint; epochs that were
	// given up leave gaps. 0: there is no state yet.
	Epoch    int64     `json:"epoch"`
	Pipeline string    `json:"pipeline"`
	Kind     Kind      `json:"kind"`
	Created  time.Time `json:"created"`
	Owner    Holder    `json:"owner"`
	// From is, for a claim, the number of the manifest that it copies; 0: of none, it begins a lineage.
	From int64 `json:"from,omitempty"`
	// Used is, for a claim, the highest number that an epoch may have had before, if that is above Epoch. Numbers are not used again.
	Used int64 `json:"used,omitempty"`
	// Finished says that the pipeline had read all its input; a claim says it of what it copies.
	Finished bool `json:"finished,omitempty"`
	// Unconfirmed are the epochs that sinks may not have committed yet when it was published, ascending. Its own is among them as a rule.
	Unconfirmed []int64 `json:"unconfirmed,omitempty"`
	// Store is the layout of the files of the state store.
	Store StoreFormat `json:"store"`
	Files []File      `json:"files,omitempty"`
	// Body is what the pipeline's runtime keeps; its layout is not this package's.
	Body json.RawMessage `json:"body,omitempty"`
	// Plan is the physical plan.
	Plan json.RawMessage `json:"plan,omitempty"`
}

// StoreFormat names the layout of a state store's files.
type StoreFormat struct {
	Kind    string `json:"kind,omitempty"` // "pebble"; empty: there is no store
	Version int    `json:"version,omitempty"`
}

// File is an immutable file of a checkpoint.
type File struct {
	// Part is whose file it is, such as "store".
	Part string `json:"part"`
	// Name is its slash-separated path for its owner: what it has when it is restored.
	Name string `json:"name"`
	// Stored is its name under files/.
	Stored string `json:"stored"`
	Size   int64  `json:"size"` // bytes
	XXH3   Sum    `json:"xxh3"` // of its content, seed 0
	// Small says that it is restored as a copy, since its owner changes it.
	Small bool `json:"small,omitempty"`
	// Counts are how many entries it has of each table of a step; none: nobody has counted them.
	Counts []Count `json:"counts,omitempty"`
}

// Count is how many entries a file of the state store has of a table of a step, which is known by its number: those that put a value, and those that remove one from older files.
type Count struct {
	Operator uint16 `json:"operator"`
	Table    uint8  `json:"table"`
	Puts     int64  `json:"puts,omitempty"`
	Deletes  int64  `json:"deletes,omitempty"`
}

// Sum is an XXH3 checksum of 64 bits with seed 0; as text it has 16 hexadecimal digits.
type Sum uint64

// String is the 16 digits.
func (s Sum) String() string { return fmt.Sprintf("%016x", uint64(s)) }

// MarshalText is the 16 digits.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads exactly what MarshalText writes.
func (s *Sum) UnmarshalText(text []byte) error {
	sum, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || Sum(sum).String() != string(text) {
		return fmt.Errorf("%q is no checksum of 16 hexadecimal digits", text)
	}
	*s = Sum(sum)
	return nil
}

// FilesOf are the files of one part, in their order.
func (m *Manifest) FilesOf(part string) []File {
	var files []File
	for _, f := range m.Files {
		if f.Part == part {
			files = append(files, f)
		}
	}
	return files
}

// Bytes is the size of all its files.
func (m *Manifest) Bytes() int64 {
	total := int64(0)
	for _, f := range m.Files {
		total += f.Size
	}
	return total
}

// lastEpoch is the highest number that an epoch had up to this manifest.
func (m *Manifest) lastEpoch() int64 { return max(m.Epoch, m.Used) }

// Done reports whether the pipeline had read all its input and its sinks had committed it, so that nothing is left to do.
func (m *Manifest) Done() bool { return m.Finished && len(m.Unconfirmed) == 0 }

// HasState reports whether there is something to go on from.
func (m *Manifest) HasState() bool { return m.Kind != KindClaim || m.From != 0 }

// manifestName is the name of a manifest in a Target.
func manifestName(number int64) string { return fmt.Sprintf("%s%020d.json", manifestFolder, number) }

// Path is the file of the manifest in a state directory.
func (m *Manifest) Path(dir string) string {
	return filepath.Join(dir, filepath.FromSlash(manifestName(m.Number)))
}

// manifestNumber reads it; false for other names.
func manifestNumber(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(name, manifestFolder), ".json")
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, ok && err == nil && number > 0 && manifestName(number) == name
}

// storedName is the name under files/ of a file that is staged. No two files have one: a name is one file in an epoch of a generation.
func storedName(lineage string, generation, epoch int64, part, name string) string {
	return fmt.Sprintf("%s-%d-%d-%s-%s", lineage, generation, epoch, escape(part), escape(name))
}

// storedGeneration reads the generation out of such a name; false for names that are none.
func storedGeneration(stored string) (int64, bool) {
	if len(stored) <= lineageLength || !validLineage(stored[:lineageLength]) || stored[lineageLength] != '-' {
		return 0, false
	}
	fields := strings.SplitN(stored[lineageLength+1:], "-", 3)
	if len(fields) != 3 {
		return 0, false
	}
	generation, ok := parseNumber(fields[0])
	_, epochOK := parseNumber(fields[1])
	return generation, ok && epochOK
}

// parseNumber reads a positive number as strconv.FormatInt writes it.
func parseNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}

// escape keeps letters, digits, dots and underscores; other bytes become % and two digits.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c == '.' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// lineageLength is the length of a UUID as text.
const lineageLength = 36

// validLineage reports whether text is a UUID in lower case.
func validLineage(text string) bool {
	if len(text) != lineageLength {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// clone is a copy of which the fields may be changed.
func (m *Manifest) clone() *Manifest {
	c := *m
	c.Files, c.Unconfirmed = slices.Clone(m.Files), slices.Clone(m.Unconfirmed)
	return &c
}
