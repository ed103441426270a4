package checkpoint

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
)

// Somebody who wants a checkpoint leaves an empty file request-NONCE in the state directory. The owner renames it to done-NONCE-EPOCH when a checkpoint that was begun after it is published. Neither is fsynced: after a
// crash nobody waits, and the next start removes both.
const (
	requestPrefix = "request-"
	donePrefix    = "done-"
)

// ErrRequestGone is returned for a request that another run has removed at its start.
var ErrRequestGone = errors.New("another run has begun meanwhile; ask again")

// Request asks the owner of a state directory for a checkpoint.
type Request struct {
	fs         vfs.FS
	dir, nonce string
}

// Ask leaves a request in a state directory. The caller closes it.
func Ask(fsys vfs.FS, dir string) (*Request, error) {
	nonce := make([]byte, 8)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	r := &Request{fs: fsys, dir: dir, nonce: hex.EncodeToString(nonce)}
	f, err := fsys.OpenFile(filepath.Join(dir, requestPrefix+r.nonce), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ask for a checkpoint: %w", err)
	}
	return r, f.Close()
}

// Answer returns the epoch of the checkpoint that was taken; 0: none yet. ErrRequestGone if there will be none.
func (r *Request) Answer() (int64, error) {
	name, err := r.find()
	if err != nil {
		return 0, err
	}
	text, done := strings.CutPrefix(name, donePrefix+r.nonce+"-")
	if !done {
		return 0, nil
	}
	epoch, ok := parseNumber(text)
	if !ok {
		return 0, fmt.Errorf("%s is no answer to a request", filepath.Join(r.dir, name))
	}
	return epoch, nil
}

// find returns the name of the request or of its answer.
func (r *Request) find() (string, error) {
	entries, err := r.fs.ReadDir(r.dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Name() == requestPrefix+r.nonce || strings.HasPrefix(e.Name(), donePrefix+r.nonce+"-") {
			return e.Name(), nil
		}
	}
	return "", ErrRequestGone
}

// Close removes the request, or its answer.
func (r *Request) Close() error {
	for {
		name, err := r.find()
		if errors.Is(err, ErrRequestGone) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.fs.Remove(filepath.Join(r.dir, name)); !errors.Is(err, fs.ErrNotExist) { // else it was just answered
			return err
		}
	}
}

// Asked returns the names of requests that are not answered. It reads one directory.
func (o *Owner) Asked() ([]string, error) {
	entries, err := o.fs.ReadDir(o.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isRequest(e.Name()) && strings.HasPrefix(e.Name(), requestPrefix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Answer answers requests with the epoch of a checkpoint that was published and begun after they were seen. Who has given up waiting is left out.
func (o *Owner) Answer(names []string, epoch int64) error {
	for _, name := range names {
		done := fmt.Sprintf("%s%s-%d", donePrefix, strings.TrimPrefix(name, requestPrefix), epoch)
		if err := o.fs.Rename(filepath.Join(o.dir, name), filepath.Join(o.dir, done)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// isRequest reports whether a name is that of a request or of an answer.
func isRequest(name string) bool {
	nonce, ok := strings.CutPrefix(name, requestPrefix)
	if !ok {
		if nonce, ok = strings.CutPrefix(name, donePrefix); !ok {
			return false
		}
		var number string
		if nonce, number, ok = strings.Cut(nonce, "-"); !ok {
			return false
		}
		if _, ok = parseNumber(number); !ok {
			return false
		}
	}
	raw, err := hex.DecodeString(nonce)
	return err == nil && len(raw) == 8
}

// removeRequests removes what requests of earlier runs left.
func removeRequests(fsys vfs.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isRequest(e.Name()) {
			if err := fsys.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
