//go:build !amd64

package jsonfmt

// newIndexer returns indexWords: there is no faster one for this processor.
func newIndexer() indexer { return indexWords }
