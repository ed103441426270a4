package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"
)

var update = flag.Bool("update", false, "write the fixtures of this release")

// fullManifest uses every member.
func fullManifest() *Manifest {
	return &Manifest{
		Version: ManifestVersion, Lineage: lineageA, Generation: 3, Number: 17, Epoch: 12, Pipeline: `orders "by" hour <é>`, Kind: KindClaim,
		Created: time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC), Owner: Holder{PID: 4321, Host: "host", Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)},
		From: 16, Used: 14, Finished: true, Unconfirmed: []int64{10, 12}, Store: StoreFormat{Kind: "pebble", Version: 1},
		Files: []File{
			{Part: "store", Name: "000012.sst", Stored: storedName(lineageA, 1, 9, "store", "000012.sst"), Size: 123456, XXH3: 0xfedcba9876543210, Counts: []Count{{Operator: 3, Table: 1, Puts: 1000, Deletes: 7}, {Operator: 300, Table: 255, Puts: 1}}},
			{Part: "sink orders", Name: "a/b.part", Stored: storedName(lineageA, 3, 12, "sink orders", "a/b.part"), XXH3: 1, Small: true},
		},
		Body: json.RawMessage(`{"sources":{"a":[{"split":"x","position":{"offset":17}}]}}`), Plan: json.RawMessage(`"scan a\n  filter b"`),
	}
}

func TestEncodeDecode(t *testing.T) {
	for _, m := range []*Manifest{
		fullManifest(),
		{Version: ManifestVersion, Lineage: lineageA, Generation: 1, Number: 1, Kind: KindClaim},
	} {
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Error(diff)
		}
	}
}

// What an earlier release wrote stays readable.
func TestFixtures(t *testing.T) {
	fixture := func(version int) string { return fmt.Sprintf("testdata/manifest-%d.json", version) }
	if *update {
		data, err := fullManifest().Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fixture(ManifestVersion), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for version := uncountedVersion; version <= ManifestVersion; version++ {
		want := fullManifest()
		if want.Version = version; version == uncountedVersion {
			want.Files[0].Counts = nil
		}
		data, err := os.ReadFile(fixture(version))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// framed is text as a manifest with the right checksum.
func framed(text string) []byte {
	return fmt.Appendf(nil, `{"manifest":%s,"xxh3":"%016x"}`+"\n", text, xxh3.HashString(text))
}

func TestDecodeRefuses(t *testing.T) {
	valid, err := fullManifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	text := string(valid[len(manifestBegin) : len(valid)-frameEnd])
	change := func(old, text2 string) []byte {
		changed := strings.Replace(text, old, text2, 1)
		if changed == text {
			t.Fatalf("%q is not in the manifest", old)
		}
		return framed(changed)
	}
	for _, test := range []struct {
		name   string
		data   []byte
		offset int64
		reason string
	}{
		{"nothing", nil, 0, "ends here, too early"},
		{"the end is gone", valid[:len(valid)-1], int64(len(valid) - 1 - frameEnd), "the checksum should stand here"},
		{"something follows", append(bytes.Clone(valid), '\n'), int64(len(valid) + 1 - frameEnd), "the checksum should stand here"},
		{"another beginning", append([]byte(" "), valid...), 0, "not how a manifest begins"},
		{"an upper-case checksum", bytes.Replace(valid, valid[len(valid)-19:len(valid)-3], bytes.ToUpper(valid[len(valid)-19:len(valid)-3]), 1), 12, "the checksum of the"},
		{"another end", append(bytes.Clone(valid[:len(valid)-1]), ' '), int64(len(valid) - 1), "not how a manifest ends"},
		{"no JSON", framed(`{"version":3,`), 12 + 13, "unexpected end"},
		{"no object", framed(`[2]`), 12 + 1, "cannot unmarshal array"},
		{"a string for a number", change(`"epoch":12`, `"epoch":"12"`), 0, "cannot unmarshal string"},
		{"two values", framed(text + `{}`), 0, "after top-level value"},
		{"space around it", framed(" " + text + " "), 0, "after the manifest"},
		{"an old version", change(`"version":3`, `"version":1`), 12, "version 1 is unknown here"},
		{"an unknown member", change(`"version":3`, `"version":3,"more":1`), 12, "unknown field"},
		{"no lineage", change(lineageA+`","generation"`, `x","generation"`), 12, "is no UUID"},
		{"a lineage in upper case", change(lineageA+`","generation"`, strings.ToUpper(lineageA)+`","generation"`), 12, "is no UUID"},
		{"generation 0", change(`"generation":3`, `"generation":0`), 12, "generation 0"},
		{"number 0", change(`"number":17`, `"number":0`), 12, "number 0"},
		{"a negative epoch", change(`"epoch":12`, `"epoch":-1`), 12, "epoch -1"},
		{"an unknown kind", change(`"kind":"claim"`, `"kind":"x"`), 12, `kind "x"`},
		{"a checkpoint from another", change(`"kind":"claim"`, `"kind":"finished"`), 12, "a finished of epoch 12 from manifest 16"},
		{"a claim of itself", change(`"from":16`, `"from":17`), 12, "from manifest 17"},
		{"epochs out of order", change(`[10,12]`, `[12,10]`), 12, "unconfirmed epochs"},
		{"epochs of the future", change(`[10,12]`, `[10,13]`), 12, "unconfirmed epochs"},
		{"a short checksum", change(`fedcba9876543210`, `fedcba987654321`), 0, "is no checksum"},
		{"a signed checksum", change(`fedcba9876543210`, `+edcba9876543210`), 0, "is no checksum"},
		{"a negative size", change(`123456`, `-1`), 12, "has -1 bytes"},
		{"a name that leads elsewhere", change(`"a/b.part"`, `"../b.part"`), 12, "file name"},
		{"a stored name that leads elsewhere", change(lineageA+`-1-9-`, lineageA+`-1-9-/`), 12, "is stored as"},
		{"a stored name of another kind", change(`"stored":"`+lineageA+`-1-9-`, `"stored":"`+lineageA+`-01-9-`), 12, "is stored as"},
		{"no part", change(`"part":"store"`, `"part":""`), 12, "of part"},
		{"a file twice", change(`{"part":"sink orders","name":"a/b.part"`, `{"part":"store","name":"000012.sst"`), 12, "listed twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(test.data)
			damaged := wantAs[*ManifestError](t, err)
			if !errors.Is(err, ErrDamaged) || test.offset > 0 && damaged.Offset != test.offset || damaged.Offset > int64(len(test.data)) || !strings.Contains(damaged.Reason, test.reason) {
				t.Errorf("at %d: %v; want %q at %d", damaged.Offset, err, test.reason, test.offset)
			}
		})
	}
	_, err = Decode(change(`"version":3`, `"version":4`))
	if err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "later release") {
		t.Errorf("a later version: %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	m := fullManifest()
	m.Files[0].Stored = "x"
	if _, err := m.Encode(); err == nil {
		t.Error("a wrong stored name was written")
	}
	m = fullManifest()
	m.Body = json.RawMessage("{")
	if _, err := m.Encode(); err == nil {
		t.Error("a wrong body was written")
	}
}

func TestManifestUnderAnotherName(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1)
	b.must(o.Close())
	b.must(b.fs.Link(filepath.Join(stateDir, manifestName(2)), filepath.Join(stateDir, manifestName(3))))
	_, err := b.try()
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "this is manifest number 2") {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	valid, err := fullManifest().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Add(valid[len(manifestBegin) : len(valid)-frameEnd])
	f.Add([]byte(`{"version":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, framed(string(data))} {
			m, err := Decode(data)
			if err != nil {
				var damaged *ManifestError
				if errors.As(err, &damaged) && (damaged.Offset < 0 || damaged.Offset > int64(len(data))) {
					t.Errorf("offset %d of %d bytes: %v", damaged.Offset, len(data), err)
				}
				continue
			}
			again, err := m.Encode()
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			m2, err := Decode(again)
			if err != nil {
				t.Fatal(err)
			}
			third, err := m2.Encode()
			if err != nil || !bytes.Equal(again, third) {
				t.Errorf("%s\n%s: %v", again, third, err)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]int64{
		manifestName(1): 1, manifestName(1<<63 - 1): 1<<63 - 1, "manifests/1.json": 0, "manifests/00000000000000000000.json": 0,
		"manifests/00000000000000000001.json.tmp": 0, "00000000000000000001.json": 0, "manifests/+0000000000000000001.json": 0,
	} {
		if got, ok := manifestNumber(name); ok != (want > 0) || ok && got != want {
			t.Errorf("manifestNumber(%q) = %d, %v", name, got, ok)
		}
	}
	for name, want := range map[string]int64{
		storedName(lineageA, 5, 7, "sink a-b", "x/y-z"): 5, lineageA: 0, lineageA + "-5": 0, lineageA + "-5-7": 0, lineageA + "-x-7-a": 0, lineageA + "-5--a": 0,
		lineageA + "_5-7-a": 0, "other": 0, lineageA + "-9223372036854775808-7-a": 0,
	} {
		if got, ok := storedGeneration(name); ok != (want > 0) || ok && got != want {
			t.Errorf("storedGeneration(%q) = %d, %v", name, got, ok)
		}
	}
	if got := storedName(lineageA, 5, 7, "sink a-b", "x/y-é_.1"); got != lineageA+"-5-7-sink%20a%2Db-x%2Fy%2D%C3%A9_.1" {
		t.Error(got)
	}
}
