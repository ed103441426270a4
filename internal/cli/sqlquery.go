package cli

import (
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/spec"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/sql/session"
)

// query makes the plan of a query of a pipeline file, whose tables are the inputs; policy is what becomes of a row that a step of it cannot compute.
func (a *app) query(name, text string, policy logical.OnError, inputs []spec.Input) (logical.Node, error) {
	q, err := parse.Query(text)
	if err != nil {
		return nil, err
	}
	tables := catalog.New()
	b := bind.New(bind.Environment{
		Catalog: tables, Rows: session.KnownRows, Now: a.clock.Now().UnixMicro(), Settings: session.DefaultSetting,
		OnError: policy,
	})
	for _, in := range inputs {
		r := &catalog.Relation{Header: catalog.Header{Name: in.Name}}
		for _, f := range in.Node.Schema().Fields {
			r.Columns = append(r.Columns, catalog.Column{Field: f})
		}
		tables.Put(r)
		b.Give(r, in.Node)
	}
	rows, err := b.Query(q, name)
	if err != nil {
		return nil, err
	}
	return rows.Node, nil
}
