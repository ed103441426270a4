package flow_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// lineFormat is one TEXT column, a line a row; a line that begins with "!" is a mistake.
type lineFormat struct{}

func (lineFormat) NewFramer() codec.Framer { return lineFormat{} }

func (lineFormat) NewEncoder(codec.EncodeSpec) (codec.Encoder, error) {
	return nil, errors.ErrUnsupported
}

func (lineFormat) NewDecoder(spec codec.DecodeSpec) (codec.Decoder, error) {
	return &lineDecoder{column: batch.NewColumn(spec.Pool, schema.Of(schema.Text))}, nil
}

func (lineFormat) Cut(data []byte, last bool) int {
	if last {
		return len(data)
	}
	return bytes.LastIndexByte(data, '\n') + 1
}

func (lineFormat) Skip(data []byte) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(data), false
}

type lineDecoder struct {
	column *batch.Column
	out    batch.Batch
	res    codec.Result
	data   []byte
}

func (d *lineDecoder) Begin(block *codec.Block) error {
	d.data = block.Buf.Data
	return nil
}

func (d *lineDecoder) Decode() (*batch.Batch, *codec.Result, error) {
	lines := bytes.SplitAfter(d.data, []byte("\n"))
	d.res = codec.Result{}
	d.column.Reset(0)
	at := 0
	for _, line := range lines {
		if len(line) == 0 {
			continue
		}
		if line[0] == '!' {
			err := sqlstate.New(sqlstate.InvalidTextRepresentation, "a mistake")
			d.res.Rejects = append(d.res.Rejects, codec.Reject{Record: d.res.Records, Start: at, End: at + len(line), Column: "line", Err: err})
		} else {
			n := d.column.Len()
			d.column.Resize(n + 1)
			d.column.SetBytes(n, bytes.TrimSuffix(line, []byte("\n")))
		}
		d.res.Records++
		at += len(line)
	}
	d.out = batch.Batch{Cols: []*batch.Column{d.column}, Len: d.column.Len()}
	return &d.out, &d.res, nil
}

// textReader reads a text through a BlockReader, like a file.
type textReader struct{ blocks *connector.BlockReader }

func (r *textReader) Poll(_ context.Context, _ <-chan struct{}, block *codec.Block) (connector.Status, error) {
	block.Name = "text"
	err := r.blocks.Next(block)
	if errors.Is(err, io.EOF) {
		return connector.End, nil
	}
	return connector.Ready, err
}

func (r *textReader) Snapshot() ([]connector.SplitState, error) { return nil, nil }

func (r *textReader) Close() error { return nil }

// textPlan reads text, whose lines may have 100 bytes before they are surely too long, into sink.
func textPlan(text string, policy physical.OnError, sink, dead *collector) *physical.Plan {
	plan := pipe(&counter{}, sink, 2)
	plan.Sources[0] = &physical.Source{
		Name: "in", Format: lineFormat{}, MaxRecordBytes: 100, OnError: policy, EventTime: -1, Next: plan.Sources[0].Next,
		Type: &connector.SourceType{
			Name: "text", Bounded: func(any) bool { return true },
			Open: func(_ context.Context, env connector.SourceEnv, _ any) (connector.Reader, error) {
				in := strings.NewReader(text)
				return &textReader{connector.NewBlockReader(in, env.Framer(), 0, 4096, env.MaxRecordBytes)}, nil
			},
		},
	}
	if dead != nil {
		plan.DeadLetters = &physical.Sink{
			Name: "dead", Type: dead.sinkType("dead"), Encode: codec.EncodeSpec{Schema: logical.DeadLetterSchema()},
		}
	}
	return plan
}

// longText has three good lines, a mistake on line 2, a line of 20,000 bytes on line 4 and bytes that are no text on line 6.
func longText() string {
	return "one\n!two\nthree\n" + strings.Repeat("4", 20_000) + "\nfive\n!\xff\x00\n"
}

func TestRecordsThatAreTooLongAreDeadLetters(t *testing.T) {
	sink, dead := &collector{}, &collector{}
	if _, err := run(t, textPlan(longText(), physical.DeadLetter, sink, dead), settings(), nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sink.published, []string{"one", "three", "five"}) {
		t.Errorf("%q", sink.published)
	}
	want := []string{ // step, code, reason, column, source, line, offset
		",in,22P02,a mistake,line,text,2,4,!two\n,null",
		",in,54000,record of ",
		",in,22P02,a mistake,line,text,6,20021,null,If8ACg==",
	}
	if len(dead.published) != len(want) {
		t.Fatalf("%d dead letters: %.200q", len(dead.published), dead.published)
	}
	for i, part := range want {
		if !strings.Contains(dead.published[i], part) {
			t.Errorf("dead letter %d is %.200q, which lacks %q", i, dead.published[i], part)
		}
	}
	if long := dead.published[1]; !strings.Contains(long, ",null,text,4,15,4444") || !strings.Contains(long, "max_record_bytes (100)") {
		t.Errorf("%.200q", long)
	}
}

func TestARecordThatIsTooLongFailsTheRun(t *testing.T) {
	_, err := run(t, textPlan("one\n"+strings.Repeat("x", 20_000)+"\n", physical.Fail, &collector{}, nil), settings(), nil)
	var row *flow.RowError
	if !errors.As(err, &row) || row.Line != 2 || row.Offset != 4 || sqlstate.Of(err) != sqlstate.ProgramLimitExceeded {
		t.Fatalf("%v", err)
	}
	if !strings.Contains(err.Error(), `text:2: step "in": record of `) {
		t.Error(err)
	}
}

func TestTheFirstBadRecordIsNamedWithItsColumn(t *testing.T) {
	_, err := run(t, textPlan(longText(), physical.Fail, &collector{}, nil), settings(), nil)
	if err == nil || !strings.Contains(err.Error(), `text:2: step "in": column "line": a mistake (SQLSTATE 22P02)`) {
		t.Error(err)
	}
}

// refusing makes every block of a source one that can be refused.
func refusing(open func(context.Context, connector.SourceEnv, any) (connector.Reader, error), ack func(error),
) func(context.Context, connector.SourceEnv, any) (connector.Reader, error) {
	return func(ctx context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
		r, err := open(ctx, env, config)
		return &refusingReader{r, ack}, err
	}
}

type refusingReader struct {
	connector.Reader
	ack func(error)
}

func (r *refusingReader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	status, err := r.Reader.Poll(ctx, wake, block)
	block.Ack, block.Refusable = r.ack, true
	return status, err
}
