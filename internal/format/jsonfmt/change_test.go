package jsonfmt

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// keyed are columns of which all must be there.
func keyed() *schema.Schema {
	must := func(name string, typ schema.Type) schema.Field {
		return schema.Field{Name: name, Type: typ, NotNull: true}
	}
	return schema.New(must("k", schema.Of(schema.Int64)), must("v", schema.Of(schema.Text)), must("r", schema.RowOf(field("x", schema.Int64))))
}

func decodeKeyed(t *testing.T, o Options, text string) (rows, rejects []string) {
	t.Helper()
	d, err := newFormat(t, o).NewDecoder(codec.DecodeSpec{Schema: keyed(), Upserts: true, Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(paddedBlock([]byte(text))); err != nil {
		t.Fatal(err)
	}
	b, res, err := d.Decode()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Rejects {
		rejects = append(rejects, r.Column+": "+r.Err.Message)
	}
	return sdktest.Rows(b), rejects
}

func TestRowsByKeyThatAreTakenAwayNeedTheirKeyAlone(t *testing.T) {
	rows, rejects := decodeKeyed(t, Options{Changelog: true}, `{"op":"+U","k":1,"v":"a","r":{"x":1}}
{"k":1,"op":"-D"}
{"op":"+I","k":1,"v":null,"r":{"x":1}}
{"op":"+I","k":1,"v":"b"}
{"op":"-U","k":1,"v":"a","r":{"x":1}}
{"op":"+U","k":1,"v":"c","r":{"x":2}}
`)
	if !slices.Equal(rows, []string{`+I 1, "a", (1)`, `-D 1, NULL, NULL`, `-U 1, "a", (1)`, `+U 1, "c", (2)`}) {
		t.Errorf("%q", rows)
	}
	if !slices.Equal(rejects, []string{`v: null value in column "v" violates not-null constraint`, `r: null value in column "r" violates not-null constraint`}) {
		t.Errorf("%q", rejects)
	}
}

func TestAMemberSaysThatARowIsDeleted(t *testing.T) {
	rows, rejects := decodeKeyed(t, Options{Deleted: "gone"}, `{"k":1,"v":"a","r":{"x":1}}
{"k":1,"gone":true}
{"gone":false,"k":2,"v":"b","r":{"x":1}}
{"gone":null,"k":3,"v":"c","r":{"x":1}}
{"k":4,"gone":"true"}
{"k":4,"gone":[}
{"k":4,"gone":tru}
{"k":4,"gone":false}
`)
	if !slices.Equal(rows, []string{`+I 1, "a", (1)`, `-D 1, NULL, NULL`, `+I 2, "b", (1)`, `+I 3, "c", (1)`}) {
		t.Errorf("%q", rows)
	}
	want := []string{`gone: invalid input syntax for type boolean: ""true""`, ``, ``, `v: null value in column "v" violates not-null constraint`}
	if len(rejects) != len(want) {
		t.Fatalf("%q", rejects)
	}
	for i, w := range want {
		if w != "" && rejects[i] != w {
			t.Errorf("%s, want %s", rejects[i], w)
		}
	}
}

func TestDeletedFieldsThatMeanNothing(t *testing.T) {
	if _, err := New(Options{Deleted: "gone", Changelog: true}); err == nil || !strings.Contains(err.Error(), "deleted_field") {
		t.Error(err)
	}
	f := newFormat(t, Options{Deleted: "gone"})
	if _, err := f.NewDecoder(codec.DecodeSpec{Schema: keyed(), Pool: &batch.Pool{}}); err == nil || !strings.Contains(err.Error(), "changes = 'upsert'") {
		t.Error(err)
	}
	f = newFormat(t, Options{Deleted: "v"})
	if _, err := f.NewDecoder(codec.DecodeSpec{Schema: keyed(), Upserts: true, Pool: &batch.Pool{}}); err == nil || !strings.Contains(err.Error(), "clashes") {
		t.Error(err)
	}
}
