package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/fault"
)

// A manifest in a file is manifestBegin, its JSON text, sumBegin, the XXH3 of exactly that text, sumEnd.
const (
	manifestBegin = `{"manifest":`
	sumBegin      = `,"xxh3":"`
	sumEnd        = "\"}\n"
	sumLength     = 16
	frameEnd      = len(sumBegin) + sumLength + len(sumEnd)
)

// maxStoredName is what file systems allow.
const maxStoredName = 255

// Encode is the manifest as it stands in a file.
func (m *Manifest) Encode() ([]byte, error) {
	if reason := m.problem(); reason != "" {
		return nil, fmt.Errorf("manifest of epoch %d: %s", m.Epoch, reason)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("manifest of epoch %d: %w", m.Epoch, err)
	}
	data := make([]byte, 0, len(manifestBegin)+len(text)+frameEnd)
	data = append(append(data, manifestBegin...), text...)
	data = append(append(data, sumBegin...), Sum(xxh3.Hash(text)).String()...)
	return append(data, sumEnd...), nil
}

// Decode reads what Encode wrote. It is strict: anything else is a *ManifestError, or an error that says that a later release wrote it.
func Decode(data []byte) (*Manifest, error) {
	text, err := unframe(data)
	if err != nil {
		return nil, err
	}
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, damagedText(text, err)
	}
	if version.Version > ManifestVersion {
		return nil, fmt.Errorf("manifest version %d was written by a later release; this one reads version %d", version.Version, ManifestVersion)
	}
	if version.Version != ManifestVersion && version.Version != uncountedVersion {
		return nil, &ManifestError{Offset: int64(len(manifestBegin)), Reason: fmt.Sprintf("version %d is unknown here", version.Version)}
	}
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, damagedText(text, err)
	}
	if end := d.InputOffset(); end != int64(len(text)) {
		return nil, &ManifestError{Offset: int64(len(manifestBegin)) + end, Reason: "text after the manifest"}
	}
	if reason := m.problem(); reason != "" {
		return nil, &ManifestError{Offset: int64(len(manifestBegin)), Reason: reason}
	}
	return &m, nil
}

// unframe checks everything around the text, and its checksum.
func unframe(data []byte) ([]byte, error) {
	if len(data) < len(manifestBegin)+frameEnd {
		return nil, &ManifestError{Offset: int64(len(data)), Reason: "the file ends here, too early"}
	}
	if at := differs(data, manifestBegin); at >= 0 {
		return nil, &ManifestError{Offset: int64(at), Reason: "this is not how a manifest begins"}
	}
	begin := len(data) - frameEnd
	frame := data[begin:]
	if at := differs(frame, sumBegin); at >= 0 {
		return nil, &ManifestError{Offset: int64(begin + at), Reason: "the checksum should stand here"}
	}
	if at := differs(frame[len(sumBegin)+sumLength:], sumEnd); at >= 0 {
		return nil, &ManifestError{Offset: int64(begin + len(sumBegin) + sumLength + at), Reason: "this is not how a manifest ends"}
	}
	text := data[len(manifestBegin):begin]
	want := string(frame[len(sumBegin) : len(sumBegin)+sumLength])
	if got := Sum(xxh3.Hash(text)).String(); got != want && !fault.Weak("checkpoint/checksum") {
		reason := fmt.Sprintf("the checksum of the %d bytes from here is %s, should be %q", len(text), got, want)
		return nil, &ManifestError{Offset: int64(len(manifestBegin)), Reason: reason}
	}
	return text, nil
}

// differs is where data, which is long enough, differs from want first; -1: not at all.
func differs(data []byte, want string) int {
	for i := range len(want) {
		if data[i] != want[i] {
			return i
		}
	}
	return -1
}

// damagedText is the error of a text that is not a manifest's JSON.
func damagedText(text []byte, err error) error {
	offset := int64(len(manifestBegin))
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset += min(syntax.Offset, int64(len(text)))
	case errors.As(err, &kind):
		offset += kind.Offset
	}
	return &ManifestError{Offset: offset, Reason: err.Error()}
}

// problem says what a manifest must not have; "" if nothing is wrong.
func (m *Manifest) problem() string {
	switch {
	case m.Version != ManifestVersion && m.Version != uncountedVersion:
		return fmt.Sprintf("version %d", m.Version)
	case !validLineage(m.Lineage):
		return fmt.Sprintf("lineage %q is no UUID in lower case", m.Lineage)
	case m.Generation < 1 || m.Number < 1 || m.Epoch < 0:
		return fmt.Sprintf("generation %d, number %d, epoch %d", m.Generation, m.Number, m.Epoch)
	case m.Kind != KindCheckpoint && m.Kind != KindFinished && m.Kind != KindClaim:
		return fmt.Sprintf("kind %q", m.Kind)
	case m.Kind != KindClaim && (m.From != 0 || m.Used != 0 || m.Epoch == 0), m.From < 0 || m.From >= m.Number, m.Used < 0:
		return fmt.Sprintf("a %s of epoch %d from manifest %d", m.Kind, m.Epoch, m.From)
	case m.Kind == KindFinished && !m.Finished, m.Kind == KindCheckpoint && m.Finished:
		return fmt.Sprintf("kind %s, finished %v", m.Kind, m.Finished)
	}
	for i, e := range m.Unconfirmed {
		if e < 1 || e > m.Epoch || i > 0 && e <= m.Unconfirmed[i-1] {
			return fmt.Sprintf("unconfirmed epochs %v of epoch %d", m.Unconfirmed, m.Epoch)
		}
	}
	return filesProblem(m.Files)
}

func filesProblem(files []File) string {
	type key struct{ part, name string }
	seen := make(map[key]bool, len(files))
	for _, f := range files {
		if reason := f.problem(); reason != "" {
			return reason
		}
		k := key{f.Part, f.Name}
		if seen[k] {
			return fmt.Sprintf("file %s of %s is listed twice", f.Name, f.Part)
		}
		seen[k] = true
	}
	return ""
}

// problem says what a file must not have: its names must lead nowhere else.
func (f *File) problem() string {
	_, ok := storedGeneration(f.Stored)
	switch {
	case f.Part == "" || len(f.Part) > maxStoredName:
		return fmt.Sprintf("file %q of part %q", f.Name, f.Part)
	case f.Name == "." || !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, "\\\x00"):
		return fmt.Sprintf("file name %q", f.Name)
	case !ok || len(f.Stored) > maxStoredName || strings.ContainsAny(f.Stored, "/\\\x00"):
		return fmt.Sprintf("file %s is stored as %q", f.Name, f.Stored)
	case f.Size < 0:
		return fmt.Sprintf("file %s has %d bytes", f.Name, f.Size)
	}
	for _, c := range f.Counts {
		if c.Puts < 0 || c.Deletes < 0 {
			return fmt.Sprintf("file %s has %d and %d entries of table %d", f.Name, c.Puts, c.Deletes, c.Table)
		}
	}
	return ""
}
