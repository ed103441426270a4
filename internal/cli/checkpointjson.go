package cli

import (
	"time"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/state/checkpoint"
)

// inventoryReport is wire checkpoint list as JSON.
type inventoryReport struct {
	Dir         string             `json:"dir"`
	Files       int                `json:"files"`
	Bytes       int64              `json:"bytes"`
	Checkpoints []checkpointReport `json:"checkpoints"`
	// Damaged says what is wrong with manifests that cannot be read.
	Damaged []string      `json:"damaged"`
	Owners  []ownerReport `json:"owners"`
}

// checkpointReport is a checkpoint in a list.
type checkpointReport struct {
	Epoch       int64     `json:"epoch"`
	Kind        string    `json:"kind"`
	Created     time.Time `json:"created"`
	Files       int       `json:"files"`
	Bytes       int64     `json:"bytes"`
	Generation  int64     `json:"generation"`
	Lineage     string    `json:"lineage"`
	Unconfirmed []int64   `json:"unconfirmed"`
}

// ownerReport is a run that left a lock: it lives, or it did not end in order.
type ownerReport struct {
	Generation int64 `json:"generation"`
	checkpoint.Holder
}

// verifyReport is what wire checkpoint verify found of one checkpoint; epoch 0: of a manifest that cannot be read.
type verifyReport struct {
	Epoch   int64    `json:"epoch"`
	OK      bool     `json:"ok"`
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`
	Damaged []string `json:"damaged"`
	// Removed says that the pipeline, which runs, has deleted it meanwhile.
	Removed bool `json:"removed"`
	// Tables are the entries of its state.
	Tables []engine.Table `json:"tables"`
	damage error          // what Damaged says
}

// removeReport is what wire checkpoint rm did.
type removeReport struct {
	Checkpoints int   `json:"checkpoints"`
	Files       int   `json:"files"`
	Bytes       int64 `json:"bytes"`
	// Left says that the directory stays, with a note for the next run.
	Left bool `json:"left"`
	dir  string
}

func newInventoryReport(inventory *checkpoint.Inventory) inventoryReport {
	r := inventoryReport{
		Dir: inventory.Dir, Files: len(inventory.Files), Bytes: inventory.Bytes(),
		Checkpoints: []checkpointReport{}, Damaged: []string{}, Owners: []ownerReport{},
	}
	for _, m := range checkpoint.Choices(inventory.Entries, 0) {
		m = origin(inventory, m)
		r.Checkpoints = append(r.Checkpoints, checkpointReport{
			Epoch: m.Epoch, Kind: kindOf(m), Created: m.Created, Files: len(m.Files), Bytes: m.Bytes(), Generation: m.Generation, Lineage: m.Lineage,
			Unconfirmed: append([]int64{}, m.Unconfirmed...),
		})
	}
	for _, e := range inventory.Entries {
		if e.Err != nil {
			r.Damaged = append(r.Damaged, e.Err.Error())
		}
	}
	if err := inventory.Lost(); err != nil {
		r.Damaged = append(r.Damaged, err.Error())
	}
	for _, g := range sortedOwners(inventory) {
		r.Owners = append(r.Owners, ownerReport{Generation: g, Holder: inventory.Owners[g]})
	}
	return r
}
